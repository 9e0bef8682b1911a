import type { Clock } from '../kms/clock.js'
import { pause } from '../kms/pause.js'

export type Pace = (rows: number, signal: AbortSignal) => Promise<void>

/** As fast as it goes. */
export const UNPACED: Pace = async () => undefined

/** Holds a batch back until its turn comes at so many rows a second; what was not used of the time before is not made up for. */
export function paceOf(rowsPerSecond: number, clock: Clock): Pace {
  let next = clock.now()
  return async (rows, signal) => {
    const now = clock.now()
    const wait = next - now
    next = Math.max(next, now) + (rows * 1000) / rowsPerSecond
    if (wait > 0) await pause(wait, clock, signal)
  }
}
