import type { Queryable } from '../../../postgres/queryable.js'
import type { Unit } from './unit.js'

/** Days to reconcile: those that are not settled, and those that something was written about since the last pass. */
export async function openDays(client: Queryable, unit: Unit): Promise<string[]> {
  const { provider, scope, scopes } = unit
  const { rows } = await client.query(
    `SELECT day::text FROM waxseal.reconciled WHERE provider = $1 AND scope = $2 AND NOT settled
    UNION SELECT ((event_time AT TIME ZONE 'UTC')::date)::text FROM waxseal.audit_event
      WHERE written_in >= $4::xid8 AND provider = $1 AND audit_event.scope = ANY ($3)
    UNION SELECT ((inserted_at AT TIME ZONE 'UTC')::date)::text FROM waxseal.ledger_attempt
      WHERE written_in >= $4::xid8 AND provider = $1
    ORDER BY 1`,
    [provider, scope, scopes, await lastSeen(client, unit)],
  )
  return rows.map(({ day }) => day as string)
}

/** What was written before this transaction was seen by a pass that came to its end. */
export async function lastSeen(client: Queryable, { provider, scope }: Unit): Promise<string> {
  const { rows } = await client.query(
    `SELECT seen_below::text FROM waxseal.reconciled WHERE provider = $1 AND scope = $2
    ORDER BY reconciled.seen_below DESC LIMIT 1`,
    [provider, scope],
  )
  return (rows[0]?.seen_below as string | undefined) ?? '0'
}

export async function rememberSeen(client: Queryable, { provider, scope }: Unit, upTo: string): Promise<void> {
  await client.query(
    `UPDATE waxseal.reconciled SET seen_below = $3 WHERE provider = $1 AND scope = $2 AND day = (
      SELECT max(day) FROM waxseal.reconciled WHERE provider = $1 AND scope = $2)`,
    [provider, scope, upTo],
  )
}

/** Below which every transaction is over: what is written later will have a higher number. */
export async function transactionsOver(client: Queryable): Promise<string> {
  const { rows } = await client.query('SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS xmin')
  return rows[0]!.xmin as string
}
