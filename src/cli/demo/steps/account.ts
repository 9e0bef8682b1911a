import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { vaultTrail } from '../../../../providers/vault/audit-trail.js'
import { connectVault } from '../../../../providers/vault/connect.js'
import { openLedger, withActor } from '../../../audit/index.js'
import { mirrorOnce } from '../../../audit/mirror/mirror.js'
import { reconcileTrails } from '../../../audit/reconciliation/storage/reconcile-trails.js'
import { type EnvelopeBinding, encryptionContextOf } from '../../../envelope/binding.js'
import { EnvelopeCipher } from '../../../envelope/envelope-cipher.js'
import type { StoredWrap, WrappedMetadata } from '../../../envelope/metadata.js'
import { RecordingProvider } from '../../../kms/recording-provider.js'
import { startVaultServer } from '../../../testing/servers/vault/server.js'
import { poolOf } from '../database.js'
import type { DemoRun } from '../demo-run.js'
import { count } from '../text.js'
import type { Claim } from '../verdict.js'

export interface AccountFacts {
  /** Requests of the application, by the audit log. */
  readonly accounted: number
  /** Operations that nobody in the ledger asked for. */
  readonly unaccounted: readonly string[]
  readonly findings: readonly string[]
  readonly claims: readonly Claim[]
}

const KEY = 'transit/demo'
const ROWS = 5
/** Requests that are not the application's: the key is made, and somebody else looks at his token and opens a data key. */
const OUTSIDE = 3
const BINDING: EnvelopeBinding = { entity: 'demo', context: {} }
/** Until an event that nobody accounts for is called one, and until what is absent is called missing. */
const LATER_MS = 3_600_000

/**
 * A KMS with an audit log, an application that writes down what it does, and somebody with a stolen token and a copy of a row. No
 * cryptography stops him; the comparison of the two records finds him.
 */
export async function accountForUses(run: DemoRun): Promise<AccountFacts> {
  const { screen, database } = run
  screen.heading('Account for every use of a key: the ledger against the audit log of the KMS')
  const folder = await mkdtemp(join(tmpdir(), 'waxseal-demo-'))
  const auditFile = join(folder, 'audit.log')
  const server = await startVaultServer({ auditFile })
  const pool = poolOf(database)
  try {
    const token = `demo-${randomUUID()}`
    await makeKey(server.endpoint, token)
    const row = await useKey(run, server.endpoint, token)
    const isOpened = await openOutside(server.endpoint, token, row)
    screen.line(`outside: a stolen token and a copy of a row ${isOpened ? 'opened a data key' : 'opened nothing'}`)
    const reader = await vaultTrail.readers['audit-file']!({ files: auditFile })
    const trail = { reader, normalize: vaultTrail.normalize }
    const [pass] = await mirrorOnce(pool, [trail], { signal: new AbortController().signal })
    screen.line(`mirrored: ${count(pass!.result.counts.stored)} events of the audit log`)
    const { accounted, found, findings } = await reconcile(run)
    screen.line(`${count(accounted)} requests of the application are accounted for, one by one`)
    for (const { operation, actor } of found) screen.line(`not accounted for: ${operation}, by ${actor}`)
    for (const finding of new Set(findings)) screen.line(`finding, ${finding}`)
    return {
      ...{ accounted, unaccounted: found.map(({ operation }) => operation), findings },
      claims: [
        {
          claim: 'every request of the application is accounted for',
          held: accounted === server.calls.length - OUTSIDE,
        },
        {
          claim: 'the use of the key from outside is found',
          held: isOpened && found.some(({ operation }) => operation === 'transit/decrypt'),
        },
      ],
    }
  } finally {
    await pool.end()
    await server.close()
    await rm(folder, { recursive: true })
  }
}

async function reconcile({ database }: DemoRun) {
  const client = await database.connect()
  try {
    const options = { trails: { vault: vaultTrail }, now: Date.now() + LATER_MS }
    const reports = await reconcileTrails(client, options)
    const { rows } = await client.query<{ operation: string; actor: string }>(
      `SELECT event.operation, event.principal AS actor FROM waxseal.event_state AS state
      JOIN waxseal.audit_event AS event ON event.id = state.event WHERE state.state = 'unaccounted' ORDER BY event.event_time`,
    )
    const accounted = reports.reduce((sum, { events }) => sum + (events.accounted ?? 0), 0)
    const findings = reports.flatMap((report) => report.findings.map(({ kind, severity }) => `${severity}: ${kind}`))
    return { accounted, found: rows, findings }
  } finally {
    await client.end()
  }
}

async function makeKey(address: string, token: string): Promise<void> {
  await fetch(`${address}/v1/transit/keys/demo`, {
    method: 'POST',
    headers: { 'x-vault-token': token },
    body: JSON.stringify({ derived: true }),
  })
}

/** Rows are written and read. Returns what a copy of the last of them shows. */
async function useKey({ screen, database }: DemoRun, address: string, token: string): Promise<WrappedMetadata> {
  const ledger = await openLedger({ connection: database.url, label: 'demo' })
  const provider = new RecordingProvider(await connectVault({ address, token, key: KEY }), ledger)
  await using cipher = new EnvelopeCipher({ provider })
  const rows = await withActor({ actor: 'an employee', purpose: 'refund', ticket: 'DEMO-1' }, async () => {
    const written: WrappedMetadata[] = []
    for (let row = 0; row < ROWS; row++) {
      const { metadata } = await cipher.mint(BINDING)
      cipher.forgetAll()
      await cipher.open(metadata, BINDING)
      written.push(metadata as WrappedMetadata)
    }
    return written
  })
  await ledger.close()
  screen.line(`${ROWS} credentials written and read by "an employee", for a refund`)
  return rows.at(-1)!
}

/** What a thief does: by a program of his own, which keeps no ledger. */
async function openOutside(address: string, token: string, { id, wraps }: WrappedMetadata): Promise<boolean> {
  const provider = await connectVault({ address, token, key: KEY })
  const [{ kek, dataKey }] = wraps as [StoredWrap]
  const wrapped = { kek, bytes: Buffer.from(dataKey, 'base64url') }
  const opened = await provider.unwrap(wrapped, encryptionContextOf(BINDING, id))
  return opened.withBytes(() => true)
}
