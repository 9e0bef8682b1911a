import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { gcpTrail } from '../../../providers/gcp/audit-trail.js'
import type { TrailReader } from '../../../src/audit/trail/trail-reader.js'
import type { KmsProvider } from '../../../src/kms/provider.js'
import { RecordingProvider } from '../../../src/kms/recording-provider.js'
import { type GcpLogServer, startGcpLogServer } from '../../../src/testing/servers/gcp/log-server.js'
import { type GcpTestServer, startGcpServer } from '../../../src/testing/servers/gcp/server.js'
import { closeGcpServer, gcpUnderTest } from '../../providers/gcp-under-test.js'
import { Accounting } from './accounted.js'

const context = { tenant: 't1' }

let [kms, logs, reader]: [GcpTestServer, GcpLogServer, TrailReader] = [] as never
let accounting: Accounting
// A server for each test: time that passed for one does not go back.
beforeEach(async () => {
  kms = await startGcpServer()
  logs = await startGcpLogServer(kms)
  reader = await gcpTrail.readers['entries-list']!({ project: 'test', endpoint: logs.endpoint })
  accounting = await Accounting.begin('gcp', gcpTrail, () => kms.now())
})
afterEach(async () => {
  await accounting.end()
  await reader.close()
  await logs.close()
  await closeGcpServer(kms)
})

async function roundTrip(provider: KmsProvider): Promise<void> {
  const { dataKey, wrapped } = await provider.generateDataKey(context)
  dataKey.destroy()
  ;(await provider.unwrap(wrapped, context)).destroy()
}

/** Three round trips of the application, and one outside with its identity. The log loses a decryption of the last. */
async function day(isLossy: boolean): Promise<void> {
  const { provider } = await gcpUnderTest(kms)
  kms.log.clear()
  const recorded = new RecordingProvider(provider, accounting.ledger)
  await roundTrip(recorded)
  await roundTrip(provider)
  await roundTrip(recorded)
  if (isLossy) kms.log.loses = ({ operation }) => operation === 'Decrypt'
  await roundTrip(recorded)
  await accounting.closeLedger()
  kms.advance(50 * 3_600_000)
  await accounting.pass(reader)
}

test('where the reason of a request is logged, every call of ours is known by its token, and every other is found', async () => {
  await day(true)
  expect(await accounting.events()).toEqual({
    'Decrypt accounted token': 2,
    'Decrypt unaccounted': 1,
    'Encrypt accounted token': 3,
    'Encrypt unaccounted': 1,
    'GetCryptoKey accounted token': 1,
  })
  expect(await accounting.attempts()).toEqual({ matched: 5, missing: 1 })
  expect(await accounting.findings()).toEqual({ 'missing high': 1, 'unaccounted high': 2 })
})

test('where it is not, calls are counted: what is too many is known, and which it is is not', async () => {
  kms.log.isReasonLogged = false
  await day(false)
  expect(await accounting.events()).toEqual({
    'Decrypt accounted count': 3,
    'Decrypt unaccounted': 1,
    'Encrypt accounted count': 3,
    'Encrypt unaccounted': 1,
    'GetCryptoKey accounted count': 1,
  })
  expect(await accounting.attempts()).toEqual({ matched: 6 })
  expect(await accounting.findings()).toEqual({ 'surplus high': 2 })
})
