import type { CursorValue, TimeWindow } from '../../../src/audit/trail/trail-reader.js'
import { objectAt, textAt } from '../../../src/kms/untrusted-json.js'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
/** What may arrive out of order is looked for again. */
const OVERLAP_MS = 5 * MINUTE_MS
/** How much later than it happened an entry may arrive, to be found as soon as it does. */
const LATENESS_MS = 25 * HOUR_MS
const SWEEP_EVERY_MS = 24 * HOUR_MS
const SWEEP_MS = 50 * HOUR_MS
/** As long as the bucket `_Default` keeps its entries. */
const BACKFILL_MS = 30 * 24 * HOUR_MS
/** Entries of the last minute may be on their way. */
const SETTLES_MS = MINUTE_MS

/** Where the reader stands. */
export interface EntriesCursor {
  /** Until when everything that arrived was read. */
  readonly high: Date
  /** From when on everything was read, without a hole. */
  readonly since: Date
  readonly sweptAt: Date
}

/** What to ask for next, and what is known once it was read. */
export interface EntriesWindow {
  readonly filter: string
  readonly cursor: EntriesCursor
  readonly covered: TimeWindow
}

const CONCERNS = [
  'protoPayload.serviceName="cloudkms.googleapis.com"',
  // What the service does by itself has no audit log.
  'resource.type:"cloudkms_"',
  '(protoPayload.serviceName="logging.googleapis.com" AND log_id("cloudaudit.googleapis.com/activity"))',
  'protoPayload.methodName:"SetIamPolicy"',
].join(' OR ')

/**
 * By the time of arrival, with an overlap; once a day by the time of the events, far back. The first window goes back as far
 * as entries are kept. A term on `timestamp` is always there: clients of Cloud Logging that find none add "the last day".
 */
export function entriesWindow(last: EntriesCursor | undefined, now: Date): EntriesWindow {
  const ago = (ms: number, from = now) => new Date(from.getTime() - ms)
  const oldest = ago(BACKFILL_MS)
  const isHole = last !== undefined && last.high < oldest
  const isFirst = last === undefined || isHole
  const since = isFirst ? oldest : last.since
  const isSweep = isFirst || now.getTime() - last.sweptAt.getTime() >= SWEEP_EVERY_MS
  const reach = isFirst ? oldest : new Date(Math.min(ago(SWEEP_MS).getTime(), ago(LATENESS_MS, last.high).getTime()))
  const times = isSweep
    ? [`timestamp >= ${quoted(reach)}`]
    : [
        `receiveTimestamp >= ${quoted(ago(OVERLAP_MS, last.high))}`,
        `timestamp >= ${quoted(ago(LATENESS_MS, last.high))}`,
      ]
  const knownFrom = isSweep ? reach : ago(LATENESS_MS)
  return {
    // Pinned, so that pages do not shift under new entries.
    filter: [...times, `receiveTimestamp < ${quoted(now)}`, `(${CONCERNS})`].join(' AND '),
    cursor: { high: now, since, sweptAt: isSweep ? now : last.sweptAt },
    covered: { from: knownFrom > since ? knownFrom : since, to: ago(SETTLES_MS) },
  }
}

export function cursorValue({ high, since, sweptAt }: EntriesCursor): CursorValue {
  return { high: high.toISOString(), since: since.toISOString(), sweptAt: sweptAt.toISOString() }
}

/** Undefined for what is none, which begins anew. */
export function parseCursor(value: CursorValue): EntriesCursor | undefined {
  const [high, since, sweptAt] = ['high', 'since', 'sweptAt'].map(
    (name) => new Date(textAt(objectAt(value), name) ?? ''),
  )
  if (!high || !since || !sweptAt || [high, since, sweptAt].some((date) => Number.isNaN(date.getTime())))
    return undefined
  return { high, since, sweptAt }
}

function quoted(date: Date): string {
  return `"${date.toISOString()}"`
}
