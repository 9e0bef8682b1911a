import type { Clock } from '../../../src/kms/clock.js'

/** Time that moves when it is told to. */
export class ManualClock implements Clock {
  #now = Date.parse('2026-11-22T21:00:00Z')
  #timers = new Set<{ at: number; run: () => void }>()

  now(): number {
    return this.#now
  }

  after(ms: number, run: () => void): () => void {
    const timer = { at: this.#now + ms, run }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /** Runs what is due on the way, in order, and lets what waits for it go on. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms
    for (let next = this.#next(end); next; next = this.#next(end)) {
      this.#timers.delete(next)
      this.#now = next.at
      next.run()
      await settled()
    }
    this.#now = end
  }

  #next(end: number) {
    return [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
  }
}

/** Until every promise that can settle has settled: no timer of the process is involved. */
export async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
}
