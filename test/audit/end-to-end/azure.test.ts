import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { azureTrail } from '../../../providers/azure/audit-trail.js'
import type { TrailReader } from '../../../src/audit/trail/trail-reader.js'
import type { KmsProvider } from '../../../src/kms/provider.js'
import { RecordingProvider } from '../../../src/kms/recording-provider.js'
import { type AzureTestServer, startAzureServer } from '../../../src/testing/servers/azure/server.js'
import { startWorkspaceServer, type WorkspaceServer } from '../../../src/testing/servers/azure/workspace-server.js'
import { azureUnderTest } from '../../providers/azure-under-test.js'
import { Accounting } from './accounted.js'

const context = { tenant: 't1' }

let [kms, workspace, reader, accounting]: [AzureTestServer, WorkspaceServer, TrailReader, Accounting] = [] as never
beforeAll(async () => {
  kms = await startAzureServer()
  workspace = await startWorkspaceServer(kms)
  reader = await azureTrail.readers['log-analytics']!({
    vaultUrl: kms.environment['WAXSEAL_AZURE_VAULT_URL'] as string,
    caFile: kms.environment['WAXSEAL_AZURE_CA_FILE'] as string,
    tokenFile: kms.environment['WAXSEAL_AZURE_TOKEN_FILE'] as string,
    ...{ workspaceId: 'w1', endpoint: workspace.endpoint },
  })
  accounting = await Accounting.begin('azure', azureTrail, () => kms.now())
})
afterAll(async () => {
  await reader.close()
  await workspace.close()
  await accounting.end()
  await kms.close()
})

async function roundTrip(provider: KmsProvider): Promise<void> {
  const { dataKey, wrapped } = await provider.generateDataKey(context)
  dataKey.destroy()
  ;(await provider.unwrap(wrapped, context)).destroy()
}

test('every call of the application is accounted for, also without an id; what is called outside is found, what is lost is missed', async () => {
  const { provider } = await azureUnderTest(kms)
  kms.log.clear()
  const recorded = new RecordingProvider(provider, accounting.ledger)
  await roundTrip(recorded)
  // The same identity, and nothing in the ledger.
  await roundTrip(provider)
  kms.log.hasNoRequestId = ({ operation }) => operation === 'KeyUnwrap'
  await roundTrip(recorded)
  kms.log.loses = ({ operation }) => operation === 'KeySign'
  await roundTrip(recorded)
  await accounting.closeLedger()
  kms.advance(3_600_000)
  await accounting.pass(reader)
  const events = {
    'Authentication expected': 3,
    'KeyGet accounted exact': 3,
    'KeySign accounted exact': 2,
    'KeySign unaccounted': 1,
    'KeyUnwrap accounted exact': 1,
    'KeyUnwrap accounted token': 2,
    'KeyUnwrap unaccounted': 1,
    'KeyWrap accounted exact': 3,
    'KeyWrap unaccounted': 1,
  }
  expect(await accounting.events()).toEqual(events)
  expect(await accounting.attempts()).toEqual({ matched: 5, missing_suspected: 1 })
  expect(await accounting.findings()).toEqual({ 'unaccounted high': 3 })
  kms.advance(50 * 3_600_000)
  await accounting.pass(reader)
  expect(await accounting.events()).toEqual(events)
  expect(await accounting.attempts()).toEqual({ matched: 5, missing: 1 })
  expect(await accounting.findings()).toEqual({ 'unaccounted high': 3, 'missing high': 1 })
})
