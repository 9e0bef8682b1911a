import type { Clock } from '../kms/clock.js'

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
    if (wait > 0) await pause(clock, wait, signal)
  }
}

function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = () => {
      cancel()
      signal.removeEventListener('abort', end)
      if (signal.aborted) reject(signal.reason)
      else resolve()
    }
    const cancel = clock.after(ms, end)
    signal.addEventListener('abort', end)
  })
}
