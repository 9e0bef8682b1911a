import type { Queryable } from '../../../postgres/queryable.js'
import type { ReconciliationInput, TrailEvent } from '../records.js'
import { UNACCOUNTED_AFTER_MS } from '../rules/r5-unaccounted.js'
import type { Day } from './day.js'
import { keksOfLedger } from './keks-of-ledger.js'
import { learnedKeks } from './learned-keks.js'
import { loadAttempts } from './load-attempts.js'
import { loadCoverage } from './load-coverage.js'
import { loadEvents } from './load-events.js'
import { milliseconds } from './pages.js'
import type { Unit } from './unit.js'

/** What the configuration adds to what the tables say. */
export interface Surroundings {
  readonly now: number
  readonly principals: readonly string[]
  /** Ids of KEKs that rows are wrapped under, beside those of the ledger. */
  readonly keks: readonly string[]
}

export async function loadDay(
  client: Queryable,
  unit: Unit,
  day: Day,
  { now, principals, keks }: Surroundings,
): Promise<ReconciliationInput> {
  const events = await loadEvents(client, unit, day)
  const attempts = await loadAttempts(client, unit, day)
  const used = (await keksOfLedger(client)).filter(({ provider }) => provider === unit.provider)
  const named = [...keks.map((id) => ({ id })), ...used].map((kek) => unit.trail.kekIdOf(kek))
  const beside = attempts.flatMap(({ replies }) => replies.flatMap(({ key }) => key ?? []))
  const known = new Set([...named, ...beside, ...attempts.flatMap((attempt) => attempt.keks)])
  return {
    now,
    trail: unit.trail,
    events,
    attempts,
    coverage: await loadCoverage(client, unit, day),
    flushedTo: await flushedTo(client, now),
    principals: new Set(principals),
    keks: new Set([...known, ...(await learnedKeks(client, events, known))]),
    copiesElsewhere: await copiesElsewhere(client, unit, events),
  }
}

/** A writer that was silent for long holds nothing up: what it may still have comes too late to account for anything. */
async function flushedTo(client: Queryable, now: number): Promise<number> {
  const { rows } = await client.query(
    `SELECT ${milliseconds('min(flushed_to)')} AS flushed FROM waxseal.ledger_writer
    WHERE ended_at IS NULL AND heartbeat_at > $1`,
    [new Date(now - UNACCOUNTED_AFTER_MS)],
  )
  return (rows[0]?.flushed as number | null) ?? Number.POSITIVE_INFINITY
}

async function copiesElsewhere(
  client: Queryable,
  { provider, scopes }: Unit,
  events: readonly TrailEvent[],
): Promise<Map<string, string>> {
  const groups = events.flatMap(({ copyGroup }) => copyGroup ?? [])
  if (groups.length === 0) return new Map()
  const { rows } = await client.query(
    `SELECT e.copy_group, s.attempt FROM waxseal.audit_event e
    JOIN waxseal.event_state s ON s.event = e.id AND s.event_time = e.event_time
    WHERE e.copy_group = ANY ($1) AND e.provider = $2 AND e.scope <> ALL ($3)
      AND s.state = 'accounted' AND s.attempt IS NOT NULL`,
    [groups, provider, scopes],
  )
  return new Map(rows.map((row) => [row.copy_group as string, row.attempt as string]))
}
