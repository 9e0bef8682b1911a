import { inTransaction } from '../../../postgres/in-transaction.js'
import type { Queryable } from '../../../postgres/queryable.js'
import { dayFindingKinds, type Finding } from '../finding.js'
import { findingsOf } from '../findings/findings-of.js'
import { type Reconciliation, reconcile } from '../reconcile.js'
import type { AttemptState, EventState } from '../records.js'
import { Day } from './day.js'
import { knownPrincipals } from './known-principals.js'
import { loadDay, type Surroundings } from './load-day.js'
import { changedContents, type StoredEnvelopes, supersededEnvelopes } from './record-findings.js'
import { storeFindings } from './store-findings.js'
import { storeStates } from './store-states.js'
import type { Unit } from './unit.js'

/** After which nobody will learn any more what a trail without coverage held. */
const GIVE_UP_MS = 14 * 86_400_000
const UNDECIDED: readonly AttemptState[] = ['open', 'unconfirmed', 'missing_suspected']

export interface DayReport {
  readonly provider: string
  readonly scope: string
  readonly day: string
  readonly events: Readonly<Partial<Record<EventState, number>>>
  readonly attempts: Readonly<Partial<Record<AttemptState, number>>>
  readonly findings: readonly Finding[]
  /** Nothing about it is expected to change. */
  readonly settled: boolean
  /** Events that nothing accounts for and that are logged in another scope too. */
  readonly copies: number
  /** How many states changed. */
  readonly changed: number
  /** Findings that are new, or back. */
  readonly opened: readonly Finding[]
}

export interface DayOptions extends Surroundings {
  readonly storedEnvelopes: StoredEnvelopes
  readonly isTrial: boolean
}

/** One day of a unit, in one transaction and by one snapshot. Whoever calls it sees to it that nobody else does so meanwhile. */
export async function reconcileDay(
  client: Queryable,
  unit: Unit,
  name: string,
  options: DayOptions,
): Promise<DayReport> {
  const day = new Day(name)
  return inTransaction(client, async () => {
    await client.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ')
    const result = reconcile(await loadDay(client, unit, day, options))
    const findings = [
      ...findingsOf(result, await knownPrincipals(client, unit.provider, result), unit.trail.delays.absence),
      ...(await changedContents(client, unit, day)),
      ...(await supersededEnvelopes(client, result, options.storedEnvelopes)),
    ]
    const report = { ...reportOf(unit, day, result, options.now), findings }
    return options.isTrial
      ? { ...report, changed: 0, opened: [] }
      : { ...report, ...(await store(client, unit, day, result, report)) }
  })
}

async function store(
  client: Queryable,
  unit: Unit,
  day: Day,
  result: Reconciliation,
  report: Omit<DayReport, 'changed' | 'opened'>,
): Promise<Pick<DayReport, 'changed' | 'opened'>> {
  await client.query(
    `SELECT waxseal.ensure_audit_month($1::date), waxseal.ensure_audit_month((now() AT TIME ZONE 'UTC')::date)`,
    [day.name],
  )
  const changed = await storeStates(client, result, day)
  const place = {
    provider: unit.provider,
    scope: unit.scope,
    kinds: dayFindingKinds,
    from: new Date(day.from),
    to: new Date(day.to),
  }
  const opened = await storeFindings(client, place, report.findings)
  const { events, attempts, settled } = report
  await client.query(
    `INSERT INTO waxseal.reconciled (provider, scope, day, settled, counts) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (provider, scope, day) DO UPDATE SET settled = excluded.settled, counts = excluded.counts,
      reconciled_at = clock_timestamp()`,
    [unit.provider, unit.scope, day.name, settled, JSON.stringify({ events, attempts })],
  )
  return { changed, opened }
}

function reportOf(
  unit: Unit,
  day: Day,
  result: Reconciliation,
  now: number,
): Omit<DayReport, 'findings' | 'changed' | 'opened'> {
  const events = counted([...result.events].filter(([event]) => !event.isNeighbour))
  const attempts = counted([...result.attempts].filter(([attempt]) => !attempt.isNeighbour))
  const isOver = now >= day.lastLook.getTime() + unit.trail.delays.missingAfterMs
  const isDecided = !events.pending && UNDECIDED.every((state) => !attempts[state])
  const isHopeless = now >= day.to + GIVE_UP_MS
  const settled = isOver && isDecided && (!attempts.unverifiable || isHopeless)
  const copies = [...result.events].filter(([event, { state }]) => {
    return event.copyGroup !== undefined && !event.isNeighbour && state === 'unaccounted'
  }).length
  return { provider: unit.provider, scope: unit.scope, day: day.name, events, attempts, settled, copies }
}

function counted<T extends string>(decisions: readonly (readonly [unknown, { readonly state: T }])[]) {
  const counts: Partial<Record<T, number>> = {}
  for (const [, { state }] of decisions) counts[state] = (counts[state] ?? 0) + 1
  return counts
}
