import type { Clock } from './clock.js'
import type { CallOptions } from './provider.js'

export interface CachedLookupOptions {
  /** How long an answer is taken for true. Milliseconds. */
  readonly maxAgeMs: number
  readonly clock: Clock
}

interface Asked<T> {
  readonly at: number
  readonly answer: Promise<T>
  /** There is nothing to wait for any more. */
  answered: boolean
}

/**
 * What a KMS says about its key, such as the current version, asked for again after a while: aliases move and keys rotate
 * without telling us, and look-ups have quotas of their own. Those who ask meanwhile share one look-up, with the listener
 * of the first; it goes on without the one who started it, and a failed one is not kept.
 */
export class CachedLookup<T> {
  readonly #look: (options: CallOptions) => Promise<T>
  readonly #maxAgeMs: number
  readonly #clock: Clock
  #asked: Asked<T> | undefined

  constructor(look: (options: CallOptions) => Promise<T>, { maxAgeMs, clock }: CachedLookupOptions) {
    this.#look = look
    this.#maxAgeMs = maxAgeMs
    this.#clock = clock
  }

  get(options: CallOptions = {}): Promise<T> {
    const now = this.#clock.now()
    if (!this.#asked || now - this.#asked.at >= this.#maxAgeMs) return this.refresh(options)
    const { answer, answered } = this.#asked
    // Nearly always answered. To listen to the signal for nothing would cost more than all else here.
    return answered && !options.signal?.aborted ? answer : orAborted(answer, options.signal)
  }

  /** Asks anew, whatever is known or on its way: the answer is of a time after this call. */
  refresh({ signal, ...options }: CallOptions = {}): Promise<T> {
    if (signal?.aborted) return Promise.reject(signal.reason)
    const asked = { at: this.#clock.now(), answer: this.#look(options), answered: false }
    this.#asked = asked
    asked.answer.then(
      () => {
        asked.answered = true
      },
      () => {
        if (this.#asked === asked) this.#asked = undefined
      },
    )
    return orAborted(asked.answer, signal)
  }

  /** For when a reply of the KMS contradicts what is known. */
  forget(): void {
    this.#asked = undefined
  }
}

/** As `answer`, without waiting for it after `signal` is aborted. */
export function orAborted<T>(answer: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return answer
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason)
    if (signal.aborted) return stop()
    signal.addEventListener('abort', stop, { once: true })
    answer.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}
