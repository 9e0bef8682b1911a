import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../kms/clock.js'

interface Timer {
  readonly due: number
  readonly run: () => void
}

/** A clock that stands still until a test moves it. */
export class ManualClock implements Clock {
  #now: number
  readonly #timers = new Set<Timer>()

  constructor(start: Date = new Date('2026-01-01T00:00:00Z')) {
    this.#now = start.getTime()
  }

  /** Timers that were neither run nor cancelled: a leak is one that nobody waits for any more. */
  get pendingTimers(): number {
    return this.#timers.size
  }

  now(): number {
    return this.#now
  }

  after(ms: number, run: () => void): () => void {
    const timer = { due: this.#now + Math.max(0, ms), run }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /**
   * Moves the time and runs what becomes due, in the order of the due times, each at its own time. Promises settle before,
   * between and after, so that timers which they start in turn run too.
   */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms
    await setImmediate()
    for (let timer = this.#next(end); timer; timer = this.#next(end)) {
      this.#now = timer.due
      this.#timers.delete(timer)
      timer.run()
      await setImmediate()
    }
    this.#now = end
  }

  #next(end: number): Timer | undefined {
    let next: Timer | undefined
    for (const timer of this.#timers) if (timer.due <= end && (!next || timer.due < next.due)) next = timer
    return next
  }
}
