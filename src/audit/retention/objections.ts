import type { Queryable } from '../../postgres/queryable.js'
import { type LeafKindName, leafKinds } from '../integrity/leaf-kinds.js'
import type { AuditMonth } from './months.js'

/** What speaks against taking a month out of the database. None: it may go. */
export async function objectionsTo(client: Queryable, month: AuditMonth): Promise<string[]> {
  return [
    ...(await holdsOver(client, month)),
    ...(await unreconciled(client, month)),
    ...(await withoutProof(client, month)),
  ]
}

/** Of those in force. */
export async function holdsOver(client: Queryable, { from, to }: Pick<AuditMonth, 'from' | 'to'>): Promise<string[]> {
  const { rows } = await client.query(
    `SELECT h.id, h.reason FROM waxseal.legal_hold h
    WHERE h.holds_from < $2 AND h.holds_to > $1
      AND NOT EXISTS (SELECT FROM waxseal.legal_hold_lifted l WHERE l.hold = h.id) ORDER BY h.placed_at`,
    [from, to],
  )
  return rows.map(({ id, reason }) => `held (${id}): ${reason}`)
}

/** What was not compared yet cannot be compared any more once one side of it is gone. */
async function unreconciled(client: Queryable, { from, to }: AuditMonth): Promise<string[]> {
  const { rows } = await client.query(
    `SELECT
      EXISTS (SELECT FROM waxseal.audit_event r WHERE r.event_time >= $1 AND r.event_time < $2 AND NOT EXISTS
        (SELECT FROM waxseal.event_state s WHERE s.event = r.id AND s.event_time = r.event_time AND s.state <> 'pending')) AS events,
      EXISTS (SELECT FROM waxseal.ledger_attempt r WHERE r.inserted_at >= $1 AND r.inserted_at < $2 AND NOT EXISTS
        (SELECT FROM waxseal.attempt_state s WHERE s.attempt = r.id AND s.attempt_time = r.inserted_at
          AND s.state NOT IN ('open', 'unconfirmed', 'missing_suspected'))) AS attempts`,
    [from, to],
  )
  const { events, attempts } = rows[0]!
  const what = [events && 'events', attempts && 'attempts'].filter(Boolean)
  return what.length === 0 ? [] : [`${what.join(' and ')} are not reconciled: run "waxseal audit reconcile"`]
}

const LOGGED = ['attempt', 'end', 'application', 'event'] as const satisfies readonly LeafKindName[]

/** An archive of what the log never held, or of what no checkpoint covers, proves nothing. */
async function withoutProof(client: Queryable, { from, to }: AuditMonth): Promise<string[]> {
  const missing = LOGGED.map((kind) => {
    const { table, id, time } = leafKinds[kind]
    return `EXISTS (SELECT FROM waxseal.${table} r WHERE r.${time} >= $1 AND r.${time} < $2 AND NOT EXISTS
      (SELECT FROM waxseal.log_leaf l WHERE l.record = r.${id} AND l.kind = '${kind}' AND l.record_time = r.${time}
        AND l.position < (SELECT coalesce(max(size), 0) FROM waxseal.log_checkpoint))) AS "${kind}"`
  })
  const { rows } = await client.query(`SELECT ${missing.join(', ')}`, [from, to])
  const kinds = LOGGED.filter((kind) => rows[0]![kind])
  if (kinds.length === 0) return []
  return [`records of the kinds ${kinds.join(', ')} stand in no checkpoint of the log: run "waxseal audit checkpoint"`]
}
