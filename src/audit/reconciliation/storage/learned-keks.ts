import type { Queryable } from '../../../postgres/queryable.js'
import type { TrailEvent } from '../records.js'

/** Enough to find one of ours among them, and few enough that a busy key of others costs nothing. */
const LATEST = 1_000

/** Of the keys that events name: those that requests of ours used lately, named by an attempt or not. */
export async function learnedKeks(
  client: Queryable,
  events: readonly TrailEvent[],
  known: ReadonlySet<string>,
): Promise<string[]> {
  const strange = new Set(events.flatMap(({ kekId }) => (kekId === undefined || known.has(kekId) ? [] : kekId)))
  if (strange.size === 0) return []
  const { rows } = await client.query(
    `SELECT name FROM unnest($1::text[]) AS name WHERE EXISTS (
      SELECT FROM (SELECT id, event_time FROM waxseal.audit_event WHERE kek_id = name
        ORDER BY event_time DESC, id DESC LIMIT $2) latest
      JOIN waxseal.event_state s ON s.event = latest.id AND s.event_time = latest.event_time
      WHERE s.confidence IN ('exact', 'token'))`,
    [[...strange], LATEST],
  )
  return rows.map(({ name }) => name as string)
}
