import { azureTrail } from '../../../providers/azure/audit-trail.js'
import type { TrailReader } from '../../../src/audit/trail/trail-reader.js'
import { InMemoryCallLedger } from '../../../src/kms/call-ledger.js'
import { RecordingProvider } from '../../../src/kms/recording-provider.js'
import { type AzureTestServer, startAzureServer } from '../../../src/testing/servers/azure/server.js'
import { type AzureUnderTest, azureUnderTest } from '../../providers/azure-under-test.js'
import { ReaderPasses } from '../trail/passes.js'

export const MINUTE_MS = 60_000
export const HOUR_MS = 60 * MINUTE_MS
const context = { table: 'credentials', field: 'token' }

export const RESOURCE_ID = '/subscriptions/s1/resourceGroups/g1/providers/Microsoft.KeyVault/vaults/shop-keys'
/** A diagnostic setting as Azure Resource Manager shows it. */
export const settingOf = (properties: object, log: object = { category: 'AuditEvent', enabled: true }) => ({
  name: 'to-waxseal',
  properties: { ...properties, logs: [{ category: 'AzurePolicyEvaluationDetails', enabled: true }, log] },
})

export interface AzureLogUnderTest {
  readonly kms: AzureTestServer
  readonly options: Readonly<Record<string, string>>
  readonly ledger: InMemoryCallLedger
  roundTrip(): Promise<void>
  /** What Azure Resource Manager says of the vault from now on. */
  setSettings(...settings: object[]): void
  /** Nothing in the log, and the reader has read that; each setting as it is from the start. */
  begin(reader: TrailReader): Promise<ReaderPasses>
}

/** A provider with its ledger, whose requests a test server logs, and what a reader of the log is configured with. */
export async function azureLogUnderTest(): Promise<AzureLogUnderTest> {
  const kms = await startAzureServer()
  const { provider: inner }: AzureUnderTest = await azureUnderTest(kms)
  const ledger = new InMemoryCallLedger()
  const provider = new RecordingProvider(inner, ledger)
  const { WAXSEAL_AZURE_VAULT_URL, WAXSEAL_AZURE_CA_FILE, WAXSEAL_AZURE_TOKEN_FILE } = kms.environment
  return {
    kms,
    ledger,
    options: {
      vaultUrl: WAXSEAL_AZURE_VAULT_URL as string,
      caFile: WAXSEAL_AZURE_CA_FILE as string,
      tokenFile: WAXSEAL_AZURE_TOKEN_FILE as string,
    },
    async roundTrip() {
      const { dataKey, wrapped } = await provider.generateDataKey(context)
      dataKey.destroy()
      ;(await provider.unwrap(wrapped, context)).destroy()
    },
    setSettings(...value) {
      kms.management.set(`${RESOURCE_ID}/providers/Microsoft.Insights/diagnosticSettings`, { value })
    },
    async begin(reader) {
      Object.assign(kms.log, { isOn: true, delayMs: 5 * MINUTE_MS, loses: () => false, hasNoRequestId: () => false })
      kms.faults.clear()
      kms.log.clear()
      kms.management.clear()
      // The middle of an hour: what arrives together is in one file.
      kms.advance((HOUR_MS * 1.5 - (kms.now().getTime() % HOUR_MS)) % HOUR_MS)
      ledger.clear()
      const passes = new ReaderPasses(reader, azureTrail.normalize)
      await passes.read(kms.now())
      passes.batches.length = 0
      return passes
    },
  }
}
