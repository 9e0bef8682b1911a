import type { Queryable } from '../../postgres/queryable.js'
import type { TimeWindow } from '../trail/trail-reader.js'

export interface TrailCoverage {
  /** Where nothing can be missing, in order and apart from each other. */
  readonly covered: readonly TimeWindow[]
  readonly gaps: readonly TimeWindow[]
}

export interface CoverageQuery extends TimeWindow {
  /**
   * How long after an instant it has to be read for its events to have arrived: what was read sooner covers nothing.
   * Default 0.
   */
  readonly settledAfterMs?: number
}

/** What the sources have gone through of a window, together: what one missed, another may have. */
export async function coverageOf(
  client: Queryable,
  sources: readonly string[],
  { from, to, settledAfterMs = 0 }: CoverageQuery,
): Promise<TrailCoverage> {
  const { rows } = await client.query(
    `SELECT GREATEST(lower(covers), $2) AS "from",
      LEAST(upper(covers), $3, scanned_at - $4::bigint * interval '1 millisecond') AS "to"
    FROM waxseal.trail_coverage
    WHERE source = ANY ($1::bigint[]) AND complete AND covers && tstzrange($2, $3) ORDER BY 1`,
    [sources, from.toISOString(), to.toISOString(), settledAfterMs],
  )
  const covered: { from: Date; to: Date }[] = []
  for (const window of rows as unknown as TimeWindow[]) {
    if (window.to <= window.from) continue
    const last = covered.at(-1)
    if (!last || window.from > last.to) covered.push({ ...window })
    else if (window.to > last.to) last.to = window.to
  }
  return { covered, gaps: gapsBetween(covered, { from, to }) }
}

function gapsBetween(covered: readonly TimeWindow[], { from, to }: TimeWindow): TimeWindow[] {
  const starts = [from, ...covered.map((window) => window.to)]
  const ends = [...covered.map((window) => window.from), to]
  return starts.map((start, index) => ({ from: start, to: ends[index] as Date })).filter((gap) => gap.from < gap.to)
}

/** How long ago the time is up to which nothing of a source can be missing, by the clock of the server. */
export async function lagOf(client: Queryable, source: string): Promise<number | null> {
  const { rows } = await client.query(
    `SELECT greatest(0, extract(epoch FROM clock_timestamp() - max(upper(covers))) * 1000)::float8 AS lag
    FROM waxseal.trail_coverage WHERE source = $1 AND complete`,
    [source],
  )
  return rows[0]?.lag as number | null
}
