import { objectAt, textAt } from './untrusted-json.js'

/** How the entries of a log arrive. Milliseconds. */
export interface ArrivalRules {
  /** What may arrive out of order is looked for again. */
  readonly overlapMs: number
  /** How much later than it happened an entry may arrive, to be found as soon as it does. */
  readonly latenessMs: number
  /** How far back everything is read again, once a day. */
  readonly sweepMs: number
  /** How far back the log is kept. */
  readonly keptMs: number
  /** Entries that young may be on their way. */
  readonly settlesMs: number
}

/** Where a reader stands. */
export interface ArrivalCursor {
  /** Until when everything that arrived was read. */
  readonly high: Date
  /** From when on everything was read, without a hole. */
  readonly since: Date
  readonly sweptAt: Date
}

/** What to read in one pass, and what is known afterwards. */
export interface ArrivalWindow {
  /** By the time of arrival; absent in a sweep. */
  readonly arrivedFrom?: Date
  readonly happenedFrom: Date
  /** Pinned, so that pages do not shift under new entries. Exclusive. */
  readonly to: Date
  readonly cursor: ArrivalCursor
  readonly covered: { readonly from: Date; readonly to: Date }
}

const SWEEP_EVERY_MS = 24 * 3_600_000

/**
 * By the time of arrival, with an overlap; once a day by the time of the events, far back. The first window goes back as far
 * as the log is kept, and so does one after a pause so long that there is a hole.
 */
export function arrivalWindow(rules: ArrivalRules, last: ArrivalCursor | undefined, now: Date): ArrivalWindow {
  const to = ago(now, rules.settlesMs)
  const oldest = ago(now, rules.keptMs)
  if (last === undefined || last.high < oldest) {
    return {
      happenedFrom: oldest,
      to,
      cursor: { high: to, since: oldest, sweptAt: now },
      covered: { from: oldest, to },
    }
  }
  const late = ago(last.high, rules.latenessMs)
  const { since } = last
  const later = (a: Date, b: Date) => (a > b ? a : b)
  if (now.getTime() - last.sweptAt.getTime() >= SWEEP_EVERY_MS) {
    const happenedFrom = ago(new Date(Math.min(now.getTime(), last.high.getTime())), rules.sweepMs)
    const covered = { from: later(since, happenedFrom), to }
    return { happenedFrom, to, cursor: { high: to, since, sweptAt: now }, covered }
  }
  const arrivedFrom = ago(last.high, rules.overlapMs)
  const covered = { from: later(since, ago(now, rules.latenessMs)), to }
  return { arrivedFrom, happenedFrom: late, to, cursor: { ...last, high: to }, covered }
}

/** As it is stored. */
export function formatArrivalCursor({ high, since, sweptAt }: ArrivalCursor) {
  return { high: high.toISOString(), since: since.toISOString(), sweptAt: sweptAt.toISOString() }
}

/** Undefined for what is none: then reading begins anew. */
export function parseArrivalCursor(value: unknown): ArrivalCursor | undefined {
  const [high, since, sweptAt] = ['high', 'since', 'sweptAt'].map((name) => {
    const date = new Date(textAt(objectAt(value), name) ?? '')
    return Number.isNaN(date.getTime()) ? undefined : date
  })
  return high && since && sweptAt && { high, since, sweptAt }
}

function ago(date: Date, ms: number): Date {
  return new Date(date.getTime() - ms)
}
