import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { EnvelopeCipher, type KmsProvider } from '../../src/index.js'
import { ManualClock, startTestKms, type TestKmsServer } from '../../src/testing/index.js'
import type { KmsProviderUnderTest } from '../contract/kms-provider.js'
import { type FreshDatabase, freshDatabase } from '../setup/database.js'
import { Application, ROWS } from './application.js'
import { awsUnderTest } from './aws-under-test.js'
import { closeGcpServer, gcpUnderTest } from './gcp-under-test.js'
import { storedFields, storedKeks } from './stored-rows.js'

let servers: { home: TestKmsServer; away: TestKmsServer; cloud: TestKmsServer }
let database: FreshDatabase
/** A region, another region of the same cloud, and another cloud. */
let kms: { home: KmsProviderUnderTest; away: KmsProviderUnderTest; cloud: KmsProviderUnderTest }

beforeAll(async () => {
  const [home, away, cloud] = await Promise.all([startTestKms('aws'), startTestKms('aws'), startTestKms('gcp')])
  servers = { home, away, cloud }
})
afterAll(async () => {
  await Promise.all([servers.home.close(), servers.away.close(), closeGcpServer(servers.cloud)])
})
beforeEach(async () => {
  database = await freshDatabase()
  const [home, away, cloud] = await Promise.all([
    awsUnderTest(servers.home),
    awsUnderTest(servers.away),
    gcpUnderTest(servers.cloud),
  ])
  kms = { home, away, cloud }
})
afterEach(() => database.drop())

const disable = async ({ provider, control }: KmsProviderUnderTest) => control.disable(await provider.currentKek({}))
const OUTAGES: readonly [string, (underTest: KmsProviderUnderTest) => Promise<void>][] = [
  ['denies', ({ control }) => control.deny()],
  ['has disabled its KEK', disable],
  ['fails', ({ control }) => control.failWithServerError()],
]

for (const [what, fail] of OUTAGES) {
  test(`rows are read through the second region while the first ${what}, and through the second cloud then`, async () => {
    await deployed([kms.home, kms.away, kms.cloud], async (application) => {
      const written = await application.insert()
      await fail(kms.home)
      const first = countUnwraps()
      expect(await application.read()).toEqual(written)
      expect(first()).toEqual({ home: ROWS, away: ROWS, cloud: 0 })
      await fail(kms.away)
      const second = countUnwraps()
      expect(await application.read()).toEqual(written)
      expect(second()).toEqual({ home: ROWS, away: ROWS, cloud: ROWS })
    })
  })
}

test('a first region that hangs takes its share of the one deadline and no more', async () => {
  const clock = new ManualClock()
  const [provider, ...recipients] = [kms.home.provider, kms.away.provider, kms.cloud.provider] as const
  const cipher = new EnvelopeCipher({ provider, recipients, timeoutMs: 3_000, cache: false, clock })
  const binding = { entity: 'credential', row: '1', context: {} }
  const { metadata } = await cipher.mint(binding)
  await kms.home.control.hang()
  const since = countUnwraps()
  const opened = cipher.open(metadata, binding)
  await clock.advance(1_000)
  expect((await opened).metadata).toEqual(metadata)
  expect(since()).toEqual({ home: 1, away: 1, cloud: 0 })
})

test('a recipient is added and dropped by rewrapping, a rotation keeps all wraps, and no field changes', async () => {
  const written = await deployed([kms.home, kms.away], (application) => application.insert())
  const stored = await storedFields(database)
  await deployed([kms.home, kms.away, kms.cloud], async (application) => {
    expect(await application.rewrap()).toMatchObject({ rewrapped: ROWS, failures: [] })
    expect(await storedKeks(database)).toEqual(await eachRowUnder(kms.home, kms.away, kms.cloud))
    const before = await wrapsOf(kms.away.provider)
    await kms.home.control.newKekVersion()
    expect(await application.rewrap()).toMatchObject({ rewrapped: ROWS, failures: [] })
    expect(await storedKeks(database)).toEqual(await eachRowUnder(kms.home, kms.away, kms.cloud))
    expect(await wrapsOf(kms.away.provider)).toEqual(before)
    expect(await application.rewrap()).toMatchObject({ current: ROWS, rewrapped: 0 })
  })
  await deployed([kms.cloud, kms.away], async (application) => {
    expect(await application.rewrap()).toMatchObject({ rewrapped: ROWS, failures: [] })
    expect(await storedKeks(database)).toEqual(await eachRowUnder(kms.cloud, kms.away))
  })
  await disable(kms.home)
  await deployed([kms.away, kms.cloud], async (application) => expect(await application.read()).toEqual(written))
  expect(await storedFields(database)).toBe(stored)
})

test('a rewrap while one recipient cannot be reached changes no row: none is left with fewer wraps', async () => {
  await deployed([kms.home, kms.away], async (application) => {
    const written = await application.insert()
    await kms.home.control.newKekVersion()
    const keks = await storedKeks(database)
    await kms.home.control.failWithServerError()
    const { failures } = await application.rewrap()
    expect(failures.map(({ error }) => (error as { code?: string }).code)).toEqual(
      Array(ROWS).fill('ERR_KMS_UNAVAILABLE'),
    )
    expect(await storedKeks(database)).toEqual(keks)
    expect(await application.read()).toEqual(written)
  })
})

async function deployed<T>(
  [first, ...others]: readonly [KmsProviderUnderTest, ...KmsProviderUnderTest[]],
  use: (application: Application) => Promise<T>,
): Promise<T> {
  const recipients = others.map(({ provider }) => provider)
  const application = await Application.start(database, { provider: first.provider, recipients })
  try {
    return await use(application)
  } finally {
    await application.stop()
  }
}

/** From now on: what wraps may unwrap too, to learn the version. */
function countUnwraps() {
  const count = ({ control }: KmsProviderUnderTest) =>
    control.vendorCalls().filter((operation) => operation === 'unwrap').length
  const { home, away, cloud } = kms
  const before = { home: count(home), away: count(away), cloud: count(cloud) }
  return () => ({
    home: count(home) - before.home,
    away: count(away) - before.away,
    cloud: count(cloud) - before.cloud,
  })
}

async function eachRowUnder(...all: readonly KmsProviderUnderTest[]) {
  return Array(ROWS).fill(await Promise.all(all.map(({ provider }) => provider.currentKek({}))))
}

/** The stored wraps under the current KEK of the provider. */
async function wrapsOf(provider: KmsProvider): Promise<string[]> {
  const { id } = await provider.currentKek({})
  const { rows } = await database.client.query(
    `SELECT wrap->>'dataKey' AS "dataKey" FROM credential, jsonb_array_elements(encryption_metadata->'wraps') AS wrap
      WHERE wrap->'kek'->>'id' = $1 ORDER BY credential.id`,
    [id],
  )
  return rows.map(({ dataKey }) => dataKey)
}
