import type { Queryable } from '../../../postgres/queryable.js'
import { Coverage, type CoverageCut, type CoveredWindow } from '../coverage.js'
import type { Day } from './day.js'
import { milliseconds } from './pages.js'
import type { Unit } from './unit.js'

/** What readers went through, without the times in which nobody knows whether the trail was written. */
export async function loadCoverage(client: Queryable, { provider, scopes }: Unit, day: Day): Promise<Coverage> {
  const windows = await client.query(
    `SELECT ${milliseconds('greatest(lower(c.covers), $3)')} AS from, ${milliseconds('least(upper(c.covers), $4)')} AS to,
      ${milliseconds('c.scanned_at')} AS "scannedAt", c.complete
    FROM waxseal.trail_coverage c JOIN waxseal.trail_source s ON s.id = c.source
    WHERE s.provider = $1 AND s.scope = ANY ($2) AND c.complete AND c.covers && tstzrange($3, $4)`,
    [provider, scopes, day.firstLook, day.lastLook],
  )
  // A change of logging, wherever in the provider, ends trust until a look at the trail finds it in order.
  const cuts = await client.query(
    `SELECT ${milliseconds('e.event_time')} AS from, ${milliseconds('coalesce(look.ok_at, $3)')} AS to
    FROM waxseal.audit_event e CROSS JOIN LATERAL (
      SELECT min(p.checked_at) AS ok_at FROM waxseal.trail_posture p JOIN waxseal.trail_source s ON s.id = p.source
      WHERE s.provider = $1 AND s.scope = ANY ($2) AND p.ok AND p.checked_at > e.event_time
    ) look
    WHERE e.kind = 'logging' AND e.outcome = 'success' AND e.provider = $1 AND e.event_time < $3
      AND coalesce(look.ok_at, $3) > $4`,
    [provider, scopes, day.lastLook, day.firstLook],
  )
  return new Coverage(windows.rows as unknown as CoveredWindow[], cuts.rows as unknown as CoverageCut[])
}
