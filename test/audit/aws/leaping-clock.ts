import type { Clock } from '../../../src/kms/clock.js'

/** Whoever waits on it is there at once, and it is that much later. */
export class LeapingClock implements Clock {
  #now: number

  constructor(start: Date) {
    this.#now = start.getTime()
  }

  now(): number {
    return this.#now
  }

  after(ms: number, run: () => void): () => void {
    const immediate = setImmediate(() => {
      this.#now += ms
      run()
    })
    return () => clearImmediate(immediate)
  }
}
