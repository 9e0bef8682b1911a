import type { ManualClock } from '../../../src/testing/manual-clock.js'

/** Moves the clock, on which the deadline is, as long as the operation is under way. */
export async function untilDone(clock: ManualClock, operation: Promise<unknown>): Promise<void> {
  let isDone = false
  const done = operation.finally(() => {
    isDone = true
  })
  done.catch(() => undefined)
  while (!isDone) await clock.advance(1_000)
  await done
}
