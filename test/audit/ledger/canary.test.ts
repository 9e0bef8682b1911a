import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { RecordingProvider } from '../../../src/kms/recording-provider.js'
import { startTestKms, type TestKmsServer } from '../../../src/testing/index.js'
import { vaultUnderTest } from '../../providers/vault-under-test.js'
import { expectNoTraces } from '../../setup/database.js'
import { textIn, untilBeat, useLedger } from './ledger-suite.js'

const suite = useLedger()
let server: TestKmsServer
beforeAll(async () => {
  server = await startTestKms('vault')
})
afterAll(() => server.close())

test('no column, no journal and no statement has a data key, a wrapped key or the token of a KMS', async () => {
  const token = `token-${crypto.randomUUID()}`
  const { provider } = await vaultUnderTest(server, async () => token)
  const { proxy, connection } = await suite.proxied()
  const folder = suite.folder()
  const { ledger, clock } = await suite.open({ connection, journal: folder })
  const recorded = new RecordingProvider(provider, ledger)
  const canaries = [token]
  const use = async (context: Record<string, string>) => {
    const { dataKey, wrapped } = await recorded.generateDataKey(context)
    await recorded.wrap(dataKey, context)
    await recorded.unwrap(wrapped, context)
    await recorded.rewrap(wrapped, context)
    await expect(recorded.unwrap(wrapped, { another: 'context' })).rejects.toThrow()
    canaries.push(dataKey.withBytes((bytes) => Buffer.from(bytes).toString('base64')))
    canaries.push(dataKey.withBytes((bytes) => Buffer.from(bytes).toString('hex')))
    canaries.push(Buffer.from(wrapped.bytes).toString())
  }
  await use({ tenant: 'canary-of-a-context' })
  proxy.shut()
  await use({ tenant: 'canary-of-a-context' })
  const journal = await textIn(folder)
  expect(journal).toContain('canary-of-a-context')
  for (const canary of canaries) expect(journal).not.toContain(canary)
  proxy.open()
  await untilBeat(clock, () => ledger.statistics.replayed === ledger.statistics.journalled)
  await expectNoTraces(suite.database.client, canaries)
  // The positive control: what is no secret is found by the same search.
  await expect(expectNoTraces(suite.database.client, ['canary-of-a-context'])).rejects.toThrow(
    /ledger_attempt_\d+\.context/,
  )
})
