import type { Queryable } from '../../../postgres/queryable.js'
import type { Reconciliation } from '../reconcile.js'

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
  const { rows } = await client.query(
    `SELECT name FROM unnest($1::text[]) AS name WHERE EXISTS (
      SELECT FROM waxseal.audit_event e JOIN waxseal.event_state s ON s.event = e.id AND s.event_time = e.event_time
      WHERE e.principal = name AND e.provider = $2 AND s.confidence IN ('exact', 'token'))
    UNION ALL (SELECT e.principal FROM waxseal.event_state s
      JOIN waxseal.audit_event e ON e.id = s.event AND e.event_time = s.event_time
      WHERE s.state = 'accounted' AND e.provider = $2 AND e.principal IS NOT NULL LIMIT 1)`,
    [[...strange], provider],
  )
  return new Set(rows.map(({ name }) => name as string))
}
