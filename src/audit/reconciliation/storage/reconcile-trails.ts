import { oneAtATime } from '../../../postgres/one-at-a-time.js'
import type { Queryable } from '../../../postgres/queryable.js'
import { readHorizon } from '../../integrity/unappended.js'
import type { ProviderTrail } from '../../trail/provider-trail.js'
import type { Finding } from '../finding.js'
import type { Surroundings } from './load-day.js'
import { openDays, rememberSeen } from './open-days.js'
import { type DayReport, reconcileDay } from './reconcile-day.js'
import type { StoredEnvelopes } from './record-findings.js'
import { sourceFindings } from './source-findings.js'
import { storeFindings } from './store-findings.js'
import { type Unit, unitsOf } from './unit.js'

export interface ReconcileOptions extends Partial<Surroundings> {
  /** The trails to reconcile, by the name of their provider. */
  readonly trails: Readonly<Record<string, ProviderTrail>>
  /** Days in UTC, such as `2026-11-26`, both included, also if they are settled. Default: every day that is not. */
  readonly days?: { readonly from: string; readonly to: string }
  /** Which envelopes rows have. Default: nobody knows. */
  readonly storedEnvelopes?: StoredEnvelopes
  /** Stores nothing. */
  readonly dryRun?: boolean
  /** Ends it before the next day, and rejects; the next pass goes on there. Default: nothing does. */
  readonly signal?: AbortSignal
  /** Called before the days of a scope, with how many they are. */
  readonly onDays?: (place: Pick<DayReport, 'provider' | 'scope'>, days: number) => void
  /** Told of each finding that is new or back, once it is stored. */
  readonly onFinding?: (finding: Finding, place: Pick<DayReport, 'provider' | 'scope'>) => void
  /** Told of a scope that is left out, since another process reconciles it now. */
  readonly onElsewhere?: (place: Pick<DayReport, 'provider' | 'scope'>) => void
  /** Called when a day is done. */
  readonly onDay?: (report: DayReport) => void
}

/**
 * Accounts for every event of the trails, day by day, and stores states, their changes and findings. Running it again changes
 * nothing that is still so. Two at a time do not work on one scope: the second leaves it out.
 */
export async function reconcileTrails(client: Queryable, options: ReconcileOptions): Promise<DayReport[]> {
  const reports = new Map<string, DayReport>()
  const take = (done: readonly DayReport[]) => {
    for (const report of done) reports.set(`${report.provider} ${report.scope} ${report.day}`, report)
  }
  for (const [provider, trail] of Object.entries(options.trails)) {
    const units = await unitsOf(client, provider, trail)
    for (const unit of units) take(await alone(client, unit, options, () => reconcileUnit(client, unit, options)))
    // The scope that accounts for an event may have come after the one that has a copy of it.
    for (const unit of units) {
      const days = [...reports.values()].filter((day) => day.provider === provider && day.scope === unit.scope)
      const names = days.filter(({ copies }) => copies > 0).map(({ day }) => day)
      if (names.length > 0) take(await alone(client, unit, options, () => reconcileDays(client, unit, names, options)))
    }
  }
  return [...reports.values()]
}

async function reconcileUnit(client: Queryable, unit: Unit, options: ReconcileOptions): Promise<DayReport[]> {
  const horizon = await readHorizon(client)
  const days = options.days ? daysBetween(options.days) : await openDays(client, unit, horizon)
  const reports = await reconcileDays(client, unit, days, options)
  if (!options.dryRun) {
    // Only now: of a pass that ended early, nothing counts as seen.
    if (!options.days) await rememberSeen(client, unit, horizon)
    const place = { provider: unit.provider, scope: unit.scope, from: new Date(0), to: new Date(8.64e12) }
    const opened = await storeFindings(
      client,
      { ...place, kinds: ['source-blind'] },
      await sourceFindings(client, unit),
    )
    for (const finding of opened) options.onFinding?.(finding, unit)
  }
  return reports
}

async function reconcileDays(
  client: Queryable,
  unit: Unit,
  days: readonly string[],
  options: ReconcileOptions,
): Promise<DayReport[]> {
  if (days.length === 0) return []
  const { now = Date.now(), principals = [], keks = [], dryRun = false, signal, onDays, onDay } = options
  const storedEnvelopes = options.storedEnvelopes ?? (async () => undefined)
  const settings = { now, principals, keks, storedEnvelopes, isTrial: dryRun }
  onDays?.(unit, days.length)
  const reports: DayReport[] = []
  for (const day of days) {
    signal?.throwIfAborted()
    const report = await reconcileDay(client, unit, day, settings)
    for (const finding of report.opened) options.onFinding?.(finding, unit)
    onDay?.(report)
    reports.push(report)
  }
  return reports
}

function daysBetween({ from, to }: { readonly from: string; readonly to: string }): string[] {
  const days: string[] = []
  for (let at = Date.parse(from); at <= Date.parse(to); at += 86_400_000)
    days.push(new Date(at).toISOString().slice(0, 10))
  return days
}

async function alone(
  client: Queryable,
  unit: Unit,
  { onElsewhere }: ReconcileOptions,
  run: () => Promise<DayReport[]>,
): Promise<DayReport[]> {
  const reports = await oneAtATime(client, `waxseal reconcile ${unit.provider} ${unit.scope}`, run)
  if (!reports) onElsewhere?.(unit)
  return reports ?? []
}
