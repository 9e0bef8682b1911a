import {
  EnvelopeCipher,
  formatText,
  InMemoryCallLedger,
  metadataFromJson,
  metadataToJson,
  parseText,
  RecordingProvider,
} from 'waxseal'
import { datedReader } from 'waxseal/adoption'
import { auditGrants } from 'waxseal/audit'
import { census } from 'waxseal/census'
import { type Configuration, defineConfiguration } from 'waxseal/config'
import { type KmsProvider, RetryingProvider } from 'waxseal/kms'
import { schemaSql } from 'waxseal/lifecycle'
import { guardSql, type ProtectedTable } from 'waxseal/postgres'
import { connectAws } from 'waxseal/providers/aws'
import { connectAzure } from 'waxseal/providers/azure'
import { connectGcp } from 'waxseal/providers/gcp'
import { generateLocalKey, LocalProvider } from 'waxseal/providers/local'
import { connectOffline } from 'waxseal/providers/offline'
import { connectVault } from 'waxseal/providers/vault'
import { rotate } from 'waxseal/rotation'
import { shred } from 'waxseal/shredding'
import { FakeKms, ManualClock } from 'waxseal/testing'

const table: ProtectedTable | undefined = undefined
const unused = [
  ...[connectAws, connectAzure, connectGcp, connectOffline, connectVault],
  ...[
    defineConfiguration,
    guardSql,
    schemaSql,
    datedReader,
    rotate,
    census,
    auditGrants,
    shred,
    FakeKms,
    ManualClock,
    table,
  ],
]

async function main(): Promise<void> {
  const local: KmsProvider = new LocalProvider({ keys: `1:${generateLocalKey()}`, currentKey: 1 })
  const provider = new RetryingProvider(new RecordingProvider(local, new InMemoryCallLedger()))
  const configuration: Configuration = { provider }
  const cipher = new EnvelopeCipher({ provider, cache: false })
  const binding = { entity: 'credential', row: '1', context: { tenant: '2' } }
  const field = { id: 'credential.password', kind: 'text' } as const

  const envelope = await cipher.mint(binding)
  const stored = [
    JSON.stringify(metadataToJson(envelope.metadata)),
    formatText(envelope.encryptField(field, 'example')),
  ] as const
  const opened = await cipher.open(metadataFromJson(JSON.parse(stored[0])), binding)
  const same = opened.decryptField(field, parseText(stored[1])) === 'example'
  console.log(same && configuration.provider === provider && unused.length > 0 ? 'decrypted' : 'not the same')
}

main().catch((error: unknown) => {
  console.error(error)
  process.exitCode = 1
})
