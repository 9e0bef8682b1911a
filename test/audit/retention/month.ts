import type pg from 'pg'
import { appendLeaves } from '../../../src/audit/integrity/append-leaves.js'
import { AuditRows } from '../review/rows.js'

export const NOW = new Date('2026-11-26T00:00:00Z')
export const JULY = { from: new Date('2026-07-01'), to: new Date('2026-08-01') }

/** A month of a record of each kind, reconciled, in the log and under a checkpoint: nothing speaks against it. */
export async function monthOf(
  client: pg.Client,
  month: string,
): Promise<{ readonly event: string; readonly attempt: string }> {
  const rows = new AuditRows(client)
  const at = `${month}-10T12:00:00.000001Z`
  const raw = '{"poison":"\\u0000 \\ud800","line":"\u2028"}'
  const event = await rows.event(at, {
    raw,
    context: { tenant: 't-1' },
    source_ip: '10.0.0.1',
    user_agent: '\u001b\n\r\t"\\',
  })
  const attempt = await rows.attempt(at, { actor: 'alice', journalled: true })
  await rows.end(attempt, at, {
    latency_ms: 0.1,
    replies: JSON.stringify([{ operation: 'Decrypt', requestId: 'r-1' }]),
  })
  await rows.application(at, { detail: { number: 1e-7, nested: [{ a: null }] } })
  await rows.eventState(event, at, { state: 'accounted', rule: 'R1', confidence: 'exact', attempt })
  await rows.attemptState(attempt, at, { state: 'matched' })
  await sign(client)
  return { event, attempt }
}

/** Appends what has no leaf, and stands in for a checkpoint: what is signed is tested elsewhere. */
export async function sign(client: pg.Client): Promise<void> {
  const { size } = await appendLeaves(client)
  await client.query(
    `INSERT INTO waxseal.log_checkpoint (size, root, note) VALUES ($1, sha256('root'), 'a note') ON CONFLICT (size) DO NOTHING`,
    [size],
  )
}

/** The tables of a month that are still there. */
export async function partitionsOf(client: pg.Client, month: string): Promise<number> {
  const { rows } = await client.query(
    `SELECT count(*)::int AS count FROM pg_class WHERE relnamespace = 'waxseal'::regnamespace AND relkind = 'r' AND relname LIKE $1`,
    [`%\\_${month.replace('-', '')}`],
  )
  return rows[0].count
}
