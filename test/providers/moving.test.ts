import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { EnvelopeCipherOptions, KmsProvider } from '../../src/index.js'
import { startTestKms, type TestKmsServer } from '../../src/testing/index.js'
import { expectNoTraces, type FreshDatabase, freshDatabase } from '../setup/database.js'
import { failureOf } from '../typeorm/refusal.js'
import { Application, ROWS } from './application.js'
import { awsUnderTest } from './aws-under-test.js'
import { azureUnderTest } from './azure-under-test.js'
import { ControlledLocalProvider } from './controlled-local-provider.js'
import { closeGcpServer, gcpUnderTest } from './gcp-under-test.js'
import { storedFields, storedKeks } from './stored-rows.js'
import { vaultUnderTest } from './vault-under-test.js'

let aws: TestKmsServer
let gcp: TestKmsServer
let azure: TestKmsServer
let vault: TestKmsServer
let database: FreshDatabase

beforeAll(async () => {
  ;[aws, gcp, azure, vault, database] = await Promise.all([
    startTestKms('aws'),
    startTestKms('gcp'),
    startTestKms('azure'),
    startTestKms('vault'),
    freshDatabase(),
  ])
})
afterAll(async () => {
  await Promise.all([aws.close(), closeGcpServer(gcp), azure.close(), vault.close(), database.drop()])
})

test('credentials move from local keys through Vault and every cloud, and back, and no byte of a field changes', async () => {
  const [local, ...clouds] = [
    new ControlledLocalProvider(),
    (await awsUnderTest(aws)).provider,
    (await vaultUnderTest(vault)).provider,
    (await gcpUnderTest(gcp)).provider,
    (await azureUnderTest(azure)).provider,
  ] as const
  const written = await deployed({ provider: local }, (application) => application.insert())
  const stored = await storedFields(database)

  let from: KmsProvider = local
  for (const to of [...clouds, local]) {
    await move(from, to, written)
    from = to
  }

  expect(await storedFields(database)).toBe(stored)
  expect(await deployed({ provider: local }, (application) => application.read())).toEqual(written)
  await expectNoTraces(database.client, written)
})

/** In the two steps that leave no deployment with rows that it cannot read: accepted everywhere, then promoted. */
async function move(from: KmsProvider, to: KmsProvider, written: readonly string[]): Promise<void> {
  await deployed({ provider: from, accepted: [{ provider: to }] }, async (before) => {
    expect(await before.read()).toEqual(written)
    await deployed({ provider: to, accepted: [{ provider: from }] }, async (promoted) => {
      expect(await promoted.read()).toEqual(written)
      expect(await promoted.rewrap()).toMatchObject({ rewrapped: ROWS, failures: [] })
      expect(await promoted.rewrap()).toMatchObject({ current: ROWS, rewrapped: 0, failures: [] })
      expect(await promoted.read()).toEqual(written)
    })
    // Still running while others were promoted.
    expect(await before.read()).toEqual(written)
  })
  expect(await storedKeks(database)).toEqual(Array(ROWS).fill([await to.currentKek({})]))
  await deployed({ provider: to }, async (after) => expect(await after.read()).toEqual(written))
  await deployed({ provider: from }, async (left) => {
    expect(await failureOf(() => left.read())).toMatchObject({ code: 'ERR_KEK_NOT_ACCEPTED' })
  })
}

async function deployed<T>(options: EnvelopeCipherOptions, use: (application: Application) => Promise<T>): Promise<T> {
  const application = await Application.start(database, options)
  try {
    return await use(application)
  } finally {
    await application.stop()
  }
}
