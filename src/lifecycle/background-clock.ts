import type { Clock } from '../kms/clock.js'

/** As `systemClock`, with timers that keep no process alive. */
export const backgroundClock: Clock = {
  now: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms)
    timer.unref()
    return () => clearTimeout(timer)
  },
}
