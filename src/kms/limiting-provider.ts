import { type ForwardedCall, ForwardingProvider } from './forwarding-provider.js'
import { assertOptions, type OptionRules, wholeNumberFrom } from './options.js'
import type { KmsProvider } from './provider.js'

export interface LimitOptions {
  /** How many calls may be on their way at a time. Default 128. */
  readonly maxInFlight?: number
}

const OPTIONS: OptionRules<LimitOptions> = { maxInFlight: wholeNumberFrom(1) }

/**
 * Bounds the calls that a process has on their way to one KMS, whatever operations they belong to: beyond that they only
 * queue in the SDK, where nobody sees them. The others wait in the order in which they came; one that is aborted meanwhile
 * leaves the queue. Stands inside the retry, so that a pause takes no place, and outside the ledger, so that what it
 * records is sent at once.
 */
export class LimitingProvider extends ForwardingProvider {
  readonly #maxInFlight: number
  readonly #waiting = new Set<() => void>()
  #inFlight = 0

  constructor(inner: KmsProvider, options: LimitOptions = {}) {
    super(inner)
    assertOptions('LimitingProvider', options, OPTIONS)
    this.#maxInFlight = options.maxInFlight ?? 128
  }

  protected override async around<T>(call: ForwardedCall<T>): Promise<T> {
    const { signal } = call.options
    signal?.throwIfAborted()
    // A place that is freed is handed on, never counted down and up: nobody overtakes those who wait.
    if (this.#inFlight < this.#maxInFlight) this.#inFlight++
    else await this.#turn(signal)
    try {
      return await super.around(call)
    } finally {
      const [next] = this.#waiting
      if (next) next()
      else this.#inFlight--
    }
  }

  #turn(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#waiting.delete(take)
        signal?.removeEventListener('abort', onAbort)
      }
      const take = () => {
        leave()
        resolve()
      }
      const onAbort = () => {
        leave()
        reject(signal?.reason)
      }
      this.#waiting.add(take)
      signal?.addEventListener('abort', onAbort, { once: true })
    })
  }
}
