import type { LookupPosition } from './lookup-position.js'
import type { TrailWindow } from './sweeps.js'

const HOUR = 3_600_000
const SHORTEST_STEP_MS = HOUR
const LONGEST_STEP_MS = 7 * 24 * HOUR
/** Requests: a step of fewer is lengthened, one of more is shortened, so that new events do not wait for old ones. */
const FEW = 4
const MANY = 20

export function historyFrom(reached: Date, end: Date): NonNullable<LookupPosition['history']> {
  return { reached: reached.toISOString(), end: end.toISOString(), stepMs: 24 * HOUR }
}

/** The next part of the history, newest first; undefined when it is read. */
export function nextStep({ history }: LookupPosition): TrailWindow | undefined {
  if (history === undefined) return undefined
  const [to, end] = [new Date(history.reached), new Date(history.end)]
  if (to <= end) return undefined
  return { from: new Date(Math.max(end.getTime(), to.getTime() - history.stepMs)), to }
}

export function afterStep(position: LookupPosition, step: TrailWindow, requests: number): LookupPosition {
  const { history, ...rest } = position
  if (history === undefined || step.from <= new Date(history.end)) return rest
  const factor = requests <= FEW ? 2 : requests > MANY ? 0.5 : 1
  const stepMs = Math.min(LONGEST_STEP_MS, Math.max(SHORTEST_STEP_MS, history.stepMs * factor))
  return { ...rest, history: { ...history, reached: step.from.toISOString(), stepMs } }
}
