import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import pg from 'pg'
import { azureTrail } from '../../../providers/azure/audit-trail.js'
import { gcpTrail } from '../../../providers/gcp/audit-trail.js'
import { openLedger, type PostgresLedger } from '../../../src/audit/index.js'
import { mirrorOnce } from '../../../src/audit/mirror/mirror.js'
import { reconcileTrails } from '../../../src/audit/reconciliation/storage/reconcile-trails.js'
import type { ProviderTrail } from '../../../src/audit/trail/provider-trail.js'
import type { TrailReader } from '../../../src/audit/trail/trail-reader.js'
import type { KmsProvider } from '../../../src/kms/provider.js'
import { RecordingProvider } from '../../../src/kms/recording-provider.js'
import { ManualClock } from '../../../src/testing/index.js'
import { type AzureTestServer, startAzureServer } from '../../../src/testing/servers/azure/server.js'
import { startWorkspaceServer, type WorkspaceServer } from '../../../src/testing/servers/azure/workspace-server.js'
import { type GcpLogServer, startGcpLogServer } from '../../../src/testing/servers/gcp/log-server.js'
import { type GcpTestServer, startGcpServer } from '../../../src/testing/servers/gcp/server.js'
import { azureUnderTest, azureVersionOf } from '../../providers/azure-under-test.js'
import { closeGcpServer, gcpClient, gcpUnderTest } from '../../providers/gcp-under-test.js'
import type { FreshDatabase } from '../../setup/database.js'
import { databaseWithSchema } from '../../setup/database-with-schema.js'

const HOUR_MS = 3_600_000
let database: FreshDatabase
let pool: pg.Pool
let ledger: PostgresLedger

beforeAll(async () => {
  database = await databaseWithSchema()
  pool = new pg.Pool({ connectionString: database.url })
  ledger = await openLedger({ connection: database.url })
})
afterAll(async () => {
  await ledger.close()
  await pool.end()
  await database.drop()
})

const context = () => ({ row: randomUUID() })

async function roundTrips(provider: KmsProvider, times: number): Promise<void> {
  for (let time = 0; time < times; time++) {
    const row = context()
    const { dataKey, wrapped } = await provider.generateDataKey(row)
    dataKey.destroy()
    ;(await provider.unwrap(wrapped, row)).destroy()
  }
}

/** Mirrors and reconciles as of `now`; resolves to how many events and attempts of the provider are in which state. */
async function states(provider: string, trail: ProviderTrail, reader: TrailReader, now: Date) {
  const clock = new ManualClock(now)
  const signal = new AbortController().signal
  await mirrorOnce(pool, [{ reader, normalize: trail.normalize }], { signal, clock })
  await reconcileTrails(database.client, { trails: { [provider]: trail }, now: now.getTime() })
  const count = async (text: string) => {
    const { rows } = await database.client.query(`SELECT ${text} GROUP BY 1`, [provider])
    return Object.fromEntries(rows.map(({ state, count }) => [state, count]))
  }
  return {
    events: await count(`concat_ws(' ', s.state, s.confidence) AS state, count(*)::int FROM waxseal.audit_event e
      JOIN waxseal.event_state s ON s.event = e.id WHERE e.provider = $1`),
    attempts: await count(`s.state, count(*)::int FROM waxseal.ledger_attempt a
      JOIN waxseal.attempt_state s ON s.attempt = a.id WHERE a.provider = $1`),
    findings: await count('kind AS state, count(*)::int FROM waxseal.finding WHERE provider = $1'),
  }
}

describe('azure', () => {
  let [kms, workspace]: [AzureTestServer, WorkspaceServer] = [] as never
  beforeAll(async () => {
    kms = await startAzureServer()
    workspace = await startWorkspaceServer(kms)
  })
  afterAll(async () => {
    await workspace.close()
    await kms.close()
  })

  test('azure log: every call of ours is accounted for exactly, every other is found, and what got lost is not seen', async () => {
    const vault = await azureUnderTest(kms)
    kms.log.clear()
    const provider = new RecordingProvider(vault.provider, ledger)
    const lost = new Set<string>()
    kms.log.loses = ({ operation, requestId }) =>
      operation === 'KeyUnwrap' && lost.size === 0 && lost.add(requestId) !== undefined
    await roundTrips(provider, 4)
    // Somebody else, with either key.
    const others = vault.operator.cryptographyOf(await azureVersionOf(vault))
    await others.wrapKey('RSA-OAEP-256', new Uint8Array(32))
    await vault.operator.keys.getKey(vault.options.signingKey)
    const made = (identity: string) =>
      kms.calls.filter((call) => call.identity === identity && call.status === 'ok').length
    const { WAXSEAL_AZURE_CA_FILE: caFile, WAXSEAL_AZURE_TOKEN_FILE: tokenFile } = kms.environment
    const reader = await azureTrail.readers['log-analytics']!({
      ...{ vaultUrl: kms.endpoint, caFile, tokenFile, workspaceId: 'w1', endpoint: workspace.endpoint },
    })
    kms.advance(HOUR_MS)
    const first = await states('azure', azureTrail, reader, kms.now())
    expect(first.events).toEqual({
      'accounted exact': made(vault.identity) - 1,
      expected: expect.any(Number),
      unaccounted: 3,
    })
    expect(first.attempts).toEqual({ matched: 7, missing_suspected: 1 })
    kms.advance(50 * HOUR_MS)
    const later = await states('azure', azureTrail, reader, kms.now())
    expect(later.attempts).toEqual({ matched: 7, missing: 1 })
    expect(later.findings).toMatchObject({ unaccounted: 3, missing: 1 })
    expect(later.findings).not.toHaveProperty('conflict')
  })
})

describe('gcp', () => {
  let [kms, logs]: [GcpTestServer, GcpLogServer] = [] as never
  beforeAll(async () => {
    kms = await startGcpServer()
    logs = await startGcpLogServer(kms)
  })
  afterAll(async () => {
    await logs.close()
    await closeGcpServer(kms)
  })

  test('gcp log: where no token is logged calls are counted, and the one too many is found', async () => {
    const { provider: inner, key } = await gcpUnderTest(kms)
    kms.log.clear()
    kms.log.isReasonLogged = false
    await roundTrips(new RecordingProvider(inner, ledger), 3)
    await gcpClient(kms, 'somebody').encrypt({ name: key, plaintext: Buffer.alloc(32) })
    const reader = await gcpTrail.readers['entries-list']!({ project: 'test', endpoint: logs.endpoint })
    kms.advance(HOUR_MS)
    const found = await states('gcp', gcpTrail, reader, kms.now())
    // The look-up of the primary version comes once.
    expect(found.events).toEqual({ 'accounted count': 7, unaccounted: 1 })
    expect(found.attempts).toEqual({ matched: 6 })
    expect(found.findings).toEqual({ surplus: 1 })
  })
})
