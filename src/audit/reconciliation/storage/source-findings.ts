import type { Queryable } from '../../../postgres/queryable.js'
import type { Finding } from '../finding.js'
import { milliseconds } from './pages.js'
import type { Unit } from './unit.js'

/**
 * Sources that cannot be read, and records that nobody understood: one finding for each source and day. Of the latter those
 * since the last that was found: older ones have their finding.
 */
export async function sourceFindings(client: Queryable, { provider, scope: place, scopes }: Unit): Promise<Finding[]> {
  const blind = await client.query(
    `SELECT s.reader, s.scope, c.state_reason AS reason, c.state_since::text AS since, ${milliseconds('c.state_since')} AS at
    FROM waxseal.trail_cursor c JOIN waxseal.trail_source s ON s.id = c.source
    WHERE s.provider = $1 AND s.scope = ANY ($2) AND c.state = 'blind'`,
    [provider, scopes],
  )
  const quarantined = await client.query(
    `SELECT s.reader, s.scope, date_trunc('day', q.quarantined_at, 'UTC')::date::text AS day,
      min(q.reason) AS reason, ${milliseconds('min(q.quarantined_at)')} AS at
    FROM waxseal.trail_quarantine q JOIN waxseal.trail_source s ON s.id = q.source
    WHERE s.provider = $1 AND s.scope = ANY ($2) AND q.quarantined_at >= coalesce((
      SELECT max(occurred_at) - interval '1 day' FROM waxseal.finding
      WHERE kind = 'quarantined' AND provider = $1 AND finding.scope = $3), '-infinity')
    GROUP BY s.reader, s.scope, day`,
    [provider, scopes, place],
  )
  return [
    ...blind.rows.map(({ reader, scope, reason, since, at }) => ({
      kind: 'source-blind' as const,
      severity: 'critical' as const,
      subject: `${reader} ${scope} since ${since}`,
      occurredAt: at as number,
      detail: { reader: reader as string, reason: (reason as string | null) ?? '' },
    })),
    ...quarantined.rows.map(({ reader, scope, day, reason, at }) => ({
      kind: 'quarantined' as const,
      severity: 'medium' as const,
      subject: `${reader} ${scope} ${day}`,
      occurredAt: at as number,
      detail: { reader: reader as string, reason: reason as string },
    })),
  ]
}
