import type { Clock } from '../../../src/kms/clock.js'
import { pause } from '../../../src/kms/pause.js'

/** Lets through one request in an interval, in the order that they came. */
export class Pace {
  readonly #clock: Clock
  readonly #intervalMs: number
  #next = Number.NEGATIVE_INFINITY

  constructor(intervalMs: number, clock: Clock) {
    this.#clock = clock
    this.#intervalMs = intervalMs
  }

  async turn(signal: AbortSignal): Promise<void> {
    const now = this.#clock.now()
    const at = Math.max(now, this.#next)
    this.#next = at + this.#intervalMs
    if (at > now) await pause(at - now, this.#clock, signal)
  }
}
