import type { Queryable } from '../../../postgres/queryable.js'
import type { Horizon } from '../../integrity/unappended.js'
import type { Unit } from './unit.js'

const ALL = '18446744073709551615'

/** Days to reconcile: those that are not settled, and those that something was written about since the last pass. */
export async function openDays(client: Queryable, unit: Unit, horizon: Horizon): Promise<string[]> {
  const { provider, scope, scopes } = unit
  const from = await lastSeen(client, unit, horizon)
  // Once all was looked at, what came from another cluster is known, whatever number of a transaction it has.
  const below = from === undefined ? ALL : horizon.next
  const { rows } = await client.query(
    `SELECT day::text FROM waxseal.reconciled WHERE provider = $1 AND scope = $2 AND NOT settled
    UNION SELECT ((event_time AT TIME ZONE 'UTC')::date)::text FROM waxseal.audit_event
      WHERE written_in >= $4::xid8 AND written_in < $5::xid8 AND provider = $1 AND audit_event.scope = ANY ($3)
    UNION SELECT ((inserted_at AT TIME ZONE 'UTC')::date)::text FROM waxseal.ledger_attempt
      WHERE written_in >= $4::xid8 AND written_in < $5::xid8 AND provider = $1
    UNION SELECT ((a.inserted_at AT TIME ZONE 'UTC')::date)::text
      FROM waxseal.ledger_end e JOIN waxseal.ledger_attempt a ON a.id = e.attempt AND a.provider = $1
      WHERE e.written_in >= $4::xid8 AND e.written_in < $5::xid8 AND e.journalled
    ORDER BY 1`,
    [provider, scope, scopes, from ?? '0', below],
  )
  return rows.map(({ day }) => day as string)
}

/** What was written before this transaction was seen by a pass that came to its end; undefined where none did in this cluster. */
async function lastSeen(
  client: Queryable,
  { provider, scope }: Unit,
  { cluster }: Horizon,
): Promise<string | undefined> {
  const { rows } = await client.query(
    `SELECT seen_below::text FROM waxseal.reconciled WHERE provider = $1 AND scope = $2 AND cluster = $3
    ORDER BY reconciled.seen_below DESC LIMIT 1`,
    [provider, scope, cluster],
  )
  return rows[0]?.['seen_below'] as string | undefined
}

export async function rememberSeen(
  client: Queryable,
  { provider, scope }: Unit,
  { ended, cluster }: Horizon,
): Promise<void> {
  await client.query(
    `UPDATE waxseal.reconciled SET seen_below = $3, cluster = $4 WHERE provider = $1 AND scope = $2 AND day = (
      SELECT max(day) FROM waxseal.reconciled WHERE provider = $1 AND scope = $2)`,
    [provider, scope, ended, cluster],
  )
}
