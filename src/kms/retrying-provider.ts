import { isWaxsealError } from '../errors.js'
import { type Clock, systemClock } from './clock.js'
import { type ForwardedCall, ForwardingProvider } from './forwarding-provider.js'
import { assertOptions, CLOCK, isFunction, type OptionRules, wholeNumberFrom } from './options.js'
import { pause } from './pause.js'
import type { KmsProvider } from './provider.js'
import { uuidV7 } from './uuid-v7.js'

export interface RetryOptions {
  /** Attempts after the first. Default 2. */
  readonly retries?: number
  /** Upper bound of the first pause in milliseconds; it doubles with each attempt. Default 100. */
  readonly initialDelayMs?: number
  /** Upper bound of any pause in milliseconds. Default 2,000. A KMS that asks for a longer one is not asked again. */
  readonly maxDelayMs?: number
  /** Uniform in [0, 1). Tests pass their own. */
  readonly random?: () => number
  /** Default: that of the system. Tests pass one that they move by hand. */
  readonly clock?: Clock
}

const OPTIONS: OptionRules<RetryOptions> = {
  retries: wholeNumberFrom(0),
  initialDelayMs: wholeNumberFrom(0),
  maxDelayMs: wholeNumberFrom(0),
  random: [isFunction, 'be a function that returns a number from 0 to 1'],
  clock: CLOCK,
}

/**
 * The only retry in the library: the SDKs' own are switched off. Retries what is `retryable` and nothing else, after a
 * pause of full jitter (uniform between nothing and the bound), or after what the KMS asked for.
 *
 * Where that pause would be longer than the bound, or last until the deadline of the call, the failure is the caller's at
 * once: waiting could not help him.
 */
export class RetryingProvider extends ForwardingProvider {
  readonly #options: Required<RetryOptions>

  constructor(inner: KmsProvider, options: RetryOptions = {}) {
    super(inner)
    assertOptions('RetryingProvider', options, OPTIONS)
    const { retries = 2, initialDelayMs = 100, maxDelayMs = 2_000, random = Math.random, clock = systemClock } = options
    this.#options = { retries, initialDelayMs, maxDelayMs, random, clock }
  }

  protected override async around<T>(call: ForwardedCall<T>): Promise<T> {
    const { signal, deadline = Number.POSITIVE_INFINITY } = call.options
    const { clock, retries } = this.#options
    // One for all attempts, so that the ledger shows them as one call.
    const options = { ...call.options, callToken: call.options.callToken ?? uuidV7(clock.now()) }
    for (let attempt = 1; ; attempt++) {
      signal?.throwIfAborted()
      try {
        return await super.around({ ...call, options })
      } catch (error) {
        const pauseMs = attempt > retries ? undefined : this.#pauseAfter(error, attempt)
        if (pauseMs === undefined || clock.now() + pauseMs >= deadline) throw error
        await pause(pauseMs, clock, signal)
      }
    }
  }

  /** How long to wait before the next attempt; undefined when there is to be none. */
  #pauseAfter(error: unknown, attempt: number): number | undefined {
    if (!isWaxsealError(error) || !error.retryable) return undefined
    const { initialDelayMs, maxDelayMs, random } = this.#options
    const asked = Number('retryAfterMs' in error ? error.retryAfterMs : 0)
    if (asked > maxDelayMs) return undefined
    const drawn = Math.floor(random() * Math.min(maxDelayMs, initialDelayMs * 2 ** (attempt - 1)))
    return asked > drawn ? asked : drawn
  }
}
