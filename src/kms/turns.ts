import { KmsUnavailableError } from '../errors.js'
import type { CallBudget, KekName } from './budget.js'
import type { Clock } from './clock.js'
import type { CallOptions } from './provider.js'

interface Waiting {
  readonly deadline: number
  readonly signal: AbortSignal | undefined
  start(at: number): void
  refuse(error: unknown): void
}

/** Of a caller that brings no deadline. */
const PATIENCE_MS = 60_000

/** The turns of one process at one KEK. Those who ask while a reservation is under way share the next. */
export class Turns {
  readonly #kek: KekName
  readonly #budget: CallBudget
  readonly #clock: Clock
  #waiting: Waiting[] = []
  #isReserving = false

  constructor(kek: KekName, budget: CallBudget, clock: Clock) {
    this.#kek = kek
    this.#budget = budget
    this.#clock = clock
  }

  /** Resolves when it is the caller's turn; rejects where that is after the deadline, and with the signal's reason. */
  take({ signal, deadline = this.#clock.now() + PATIENCE_MS }: CallOptions): Promise<void> {
    signal?.throwIfAborted()
    return new Promise((resolve, reject) => {
      let cancel: (() => void) | undefined
      const settle = (end: () => void) => {
        cancel?.()
        signal?.removeEventListener('abort', onAbort)
        end()
      }
      const onAbort = () => settle(() => reject(signal?.reason))
      signal?.addEventListener('abort', onAbort)
      this.#waiting.push({
        deadline,
        signal,
        start: (at) => {
          cancel = this.#clock.after(Math.max(0, at - this.#clock.now()), () => settle(resolve))
        },
        refuse: (error) => settle(() => reject(error)),
      })
      if (!this.#isReserving) void this.#serve()
    })
  }

  async #serve(): Promise<void> {
    this.#isReserving = true
    while (this.#waiting.length > 0) {
      // One that gave up takes no turn from the others.
      const waiting = this.#waiting.filter(({ signal }) => !signal?.aborted)
      this.#waiting = []
      try {
        if (waiting.length > 0) await this.#reserveFor(waiting)
      } catch (error) {
        for (const { refuse } of waiting) refuse(error)
      }
    }
    this.#isReserving = false
  }

  async #reserveFor(waiting: readonly Waiting[]): Promise<void> {
    const latest = Math.max(...waiting.map(({ deadline }) => deadline))
    const withinMs = Math.max(0, latest - this.#clock.now())
    const { granted, startsInMs, intervalMs } = await this.#budget.reserve(this.#kek, waiting.length, withinMs)
    const first = this.#clock.now() + startsInMs
    waiting.forEach((each, index) => {
      const at = first + index * intervalMs
      if (index < granted && at < each.deadline) each.start(at)
      else each.refuse(this.#exhausted(at))
    })
  }

  #exhausted(at: number): KmsUnavailableError {
    const { provider, id } = this.#kek
    return new KmsUnavailableError(
      `the budget of calls to "${id}" of provider "${provider}" has no turn before the deadline; raise the rate, or have fewer at work`,
      { reason: 'throttled', retryAfterMs: Math.ceil(Math.max(0, at - this.#clock.now())) },
    )
  }
}
