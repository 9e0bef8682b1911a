import type { Queryable } from '../../postgres/queryable.js'
import type { TimeWindow } from '../trail/trail-reader.js'
import { coverageOf } from './coverage.js'
import type { Posture } from './posture.js'
import type { SourceState } from './source-state.js'
import { registeredSources, type TrailSource } from './trail-source.js'

/** How a source is mirrored, and what speaks against relying on it. */
export interface SourceStatus extends Omit<TrailSource, 'id'> {
  readonly state: SourceState | 'never read'
  readonly since: Date | null
  readonly reason: string | null
  /** The end of the last pass that came to its end. */
  readonly readAt: Date | null
  /** How long ago that was, by the clock of the server. */
  readonly lagMs: number | null
  /** Up to when nothing can be missing. */
  readonly coveredTo: Date | null
  /** Of the last week, between what was covered. */
  readonly gaps: readonly TimeWindow[]
  readonly posture: Posture | null
  /** Records of the last week that were not understood. */
  readonly quarantined: number
  /** Empty: it is as it should be. */
  readonly problems: readonly string[]
}

const WEEK_MS = 7 * 86_400_000
/** The slowest reader comes again within minutes. */
const LATE_AFTER_MS = 3_600_000
/** Clocks of machines differ by less. */
const AHEAD_AFTER_MS = 60_000

interface Row {
  readonly state: SourceState | null
  readonly since: Date | null
  readonly reason: string | null
  readonly readAt: Date | null
  readonly now: Date
  readonly first: Date | null
  readonly coveredTo: Date | null
  readonly posture: Posture | null
  readonly quarantined: number
}

/** Of every source that was ever mirrored. */
export async function readMirrorStatus(client: Queryable): Promise<SourceStatus[]> {
  const found: SourceStatus[] = []
  for (const source of await registeredSources(client)) found.push(await statusOf(client, source))
  return found
}

async function statusOf(client: Queryable, { id, ...source }: TrailSource): Promise<SourceStatus> {
  const { rows } = await client.query(
    `SELECT state, state_since AS since, state_reason AS reason, read_at AS "readAt", clock_timestamp() AS now,
      covered.first, covered.last AS "coveredTo", posture.checked_at AS "checkedAt", posture.ok, posture.checks,
      (SELECT count(*)::int FROM waxseal.trail_quarantine
        WHERE source = $1 AND quarantined_at > now() - interval '7 days') AS quarantined
    FROM (SELECT min(lower(covers)) AS first, max(upper(covers)) AS last
      FROM waxseal.trail_coverage WHERE source = $1 AND complete) AS covered
    LEFT JOIN waxseal.trail_cursor ON source = $1
    LEFT JOIN (SELECT checked_at, ok, checks FROM waxseal.trail_posture
      WHERE source = $1 ORDER BY checked_at DESC LIMIT 1) AS posture ON true`,
    [id],
  )
  const { checkedAt, ok, checks, ...row } = rows[0] as Record<string, unknown>
  const known = { ...row, posture: checkedAt ? { checkedAt, ok, checks } : null } as unknown as Row
  const { state, since, reason, readAt, now, first, coveredTo, posture, quarantined } = known
  const gaps = first && coveredTo ? await gapsOf(client, id, { from: later(first, now), to: coveredTo }) : []
  return {
    ...{ ...source, state: state !== null && (readAt || state !== 'ok') ? state : 'never read', since, reason, readAt },
    ...{ lagMs: readAt && Math.max(0, now.getTime() - readAt.getTime()), coveredTo, gaps, posture, quarantined },
    problems: problemsOf(known, gaps),
  }
}

async function gapsOf(client: Queryable, source: string, window: TimeWindow): Promise<readonly TimeWindow[]> {
  return window.from < window.to ? (await coverageOf(client, [source], window)).gaps : []
}

const later = (first: Date, now: Date) => new Date(Math.max(first.getTime(), now.getTime() - WEEK_MS))

function problemsOf({ state, reason, readAt, now, coveredTo, posture, quarantined }: Row, gaps: readonly TimeWindow[]) {
  const isLate = readAt && now.getTime() - readAt.getTime() > LATE_AFTER_MS
  const isAhead = coveredTo && coveredTo.getTime() - now.getTime() > AHEAD_AFTER_MS
  return [
    ...(state === 'blind' || state === 'failing' ? [`${state}: ${reason}`] : []),
    ...(readAt ? [] : ['no pass came to its end yet']),
    ...(isLate ? ['the last pass is more than an hour ago'] : []),
    ...(isAhead ? ['covered up to a time that is to come: the clock of a machine that mirrors is ahead'] : []),
    ...(readAt && !coveredTo ? ['nothing is covered yet'] : []),
    ...(gaps.length > 0 ? [`${gaps.length} ${gaps.length === 1 ? 'gap' : 'gaps'} in what was covered`] : []),
    ...(posture && posture.checks.length > 0 ? [] : ['its posture was not looked at yet']),
    ...(posture?.checks ?? [])
      .filter((check) => check.state !== 'ok')
      .map(({ id, state: found, evidence, remedy }) => `${id} ${found}: ${evidence}${remedy ? `; ${remedy}` : ''}`),
    ...(quarantined > 0 ? [`${quarantined} records of the last week were not understood`] : []),
  ]
}
