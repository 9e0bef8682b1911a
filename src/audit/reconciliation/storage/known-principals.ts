import type { Queryable } from '../../../postgres/queryable.js'
import type { Reconciliation } from '../reconcile.js'

/**
 * The inner limits keep it at one look by primary key for each event of a principal, the latest first: as plain joins both
 * would read all states that there are.
 */
const STATEMENT = `SELECT name FROM unnest($1::text[]) AS name CROSS JOIN LATERAL (
    SELECT FROM waxseal.audit_event e CROSS JOIN LATERAL (SELECT FROM waxseal.event_state s
      WHERE s.event = e.id AND s.event_time = e.event_time AND s.confidence IN ('exact', 'token') LIMIT 1) state
    WHERE e.principal = name AND e.provider = $2 ORDER BY e.event_time DESC, e.id DESC LIMIT 1) known
  UNION ALL (SELECT event.principal FROM waxseal.event_state s CROSS JOIN LATERAL (SELECT e.principal FROM waxseal.audit_event e
      WHERE e.id = s.event AND e.event_time = s.event_time AND e.provider = $2 AND e.principal IS NOT NULL LIMIT 1) event
    WHERE s.attempt IS NOT NULL AND s.state = 'accounted' ORDER BY s.attempt LIMIT 1)`

/**
 * Of those who did what nothing accounts for: who was accounted for at another time, by an id and not by counting. And one
 * of whoever was accounted for, so that it is known that somebody is.
 */
export async function knownPrincipals(
  client: Queryable,
  provider: string,
  { events, principals }: Reconciliation,
): Promise<ReadonlySet<string>> {
  const strange = new Set<string>()
  for (const [{ principal }, { state }] of events) {
    if (state === 'unaccounted' && principal !== undefined && !principals.has(principal)) strange.add(principal)
  }
  if (strange.size === 0) return new Set()
  const { rows } = await client.query(STATEMENT, [[...strange], provider])
  return new Set(rows.map(({ name }) => name as string))
}
