import type { TimeWindow } from '../../../src/audit/trail/trail-reader.js'
import type { LookupPosition } from './lookup-position.js'

export type TrailWindow = TimeWindow

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** After so long a delivery is not late any more, but missing. */
export const SETTLED_MS = 15 * MINUTE
/** How far back LookupEvents goes. */
export const LONGEST_BACK_MS = 90 * DAY

/** Events arrive late and out of order, so that each is looked for again: how often, and how far back. */
export const SWEEPS = [
  { name: '3m', everyMs: MINUTE, spanMs: 3 * MINUTE },
  { name: '30m', everyMs: 10 * MINUTE, spanMs: 30 * MINUTE },
  { name: '6h', everyMs: 2 * HOUR, spanMs: 6 * HOUR },
  { name: '26h', everyMs: DAY, spanMs: 26 * HOUR },
  { name: '8d', everyMs: 7 * DAY, spanMs: 8 * DAY },
] as const

/** How often one event is read by all sweeps together. */
export const READS_OF_AN_EVENT = SWEEPS.reduce((sum, { everyMs, spanMs }) => sum + spanMs / everyMs, 0)

export interface Sweep {
  readonly window: TrailWindow
  /** Which it makes good for. */
  readonly names: readonly string[]
}

/** The widest sweep that is due: it holds the narrower ones. After a time without passes it goes back to where they ended. */
export function dueSweep(position: LookupPosition | undefined, now: Date): Sweep {
  if (position === undefined)
    return sweepOf(
      now,
      30 * MINUTE,
      SWEEPS.map(({ name }) => name),
    )
  const due = SWEEPS.filter(({ name, everyMs }) => now.getTime() - timeOf(position.swept[name]) >= everyMs)
  const { spanMs } = due.at(-1) ?? SWEEPS[0]
  const last = new Date(spanMs > SETTLED_MS ? position.settledTo : position.readTo)
  const sinceLast = Math.min(now.getTime() - last.getTime(), LONGEST_BACK_MS)
  return sweepOf(
    now,
    Math.max(spanMs, sinceLast),
    SWEEPS.filter((each) => each.spanMs <= spanMs).map(({ name }) => name),
  )
}

const timeOf = (text: string | undefined) => (text === undefined ? Number.NEGATIVE_INFINITY : Date.parse(text))

function sweepOf(now: Date, spanMs: number, names: readonly string[]): Sweep {
  return { window: { from: new Date(now.getTime() - spanMs), to: now }, names }
}

/** What of a window can be called complete: the end of it is still on its way. */
export function settled({ from, to }: TrailWindow): TrailWindow | undefined {
  const end = new Date(to.getTime() - SETTLED_MS)
  return from < end ? { from, to: end } : undefined
}
