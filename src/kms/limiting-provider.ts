import type { EncryptionContext } from './context.js'
import type { DataKey } from './data-key.js'
import { assertOptions, type OptionRules, wholeNumberFrom } from './options.js'
import type { CallOptions, GeneratedDataKey, KekRef, KmsProvider, WrappedDataKey } from './provider.js'

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
export class LimitingProvider implements KmsProvider {
  readonly #inner: KmsProvider
  readonly #maxInFlight: number
  readonly #waiting = new Set<() => void>()
  #inFlight = 0

  constructor(inner: KmsProvider, options: LimitOptions = {}) {
    assertOptions('LimitingProvider', options, OPTIONS)
    this.#inner = inner
    this.#maxInFlight = options.maxInFlight ?? 128
  }

  get name(): string {
    return this.#inner.name
  }

  currentKek(context: EncryptionContext, options?: CallOptions): Promise<KekRef> {
    return this.#limit(options, () => this.#inner.currentKek(context, options))
  }

  generateDataKey(context: EncryptionContext, options?: CallOptions): Promise<GeneratedDataKey> {
    return this.#limit(options, () => this.#inner.generateDataKey(context, options))
  }

  wrap(dataKey: DataKey, context: EncryptionContext, options?: CallOptions): Promise<WrappedDataKey> {
    return this.#limit(options, () => this.#inner.wrap(dataKey, context, options))
  }

  unwrap(wrapped: WrappedDataKey, context: EncryptionContext, options?: CallOptions): Promise<DataKey> {
    return this.#limit(options, () => this.#inner.unwrap(wrapped, context, options))
  }

  rewrap(wrapped: WrappedDataKey, context: EncryptionContext, options?: CallOptions): Promise<WrappedDataKey> {
    return this.#limit(options, () => this.#inner.rewrap(wrapped, context, options))
  }

  async #limit<T>(options: CallOptions | undefined, call: () => Promise<T>): Promise<T> {
    options?.signal?.throwIfAborted()
    // A place that is freed is handed on, never counted down and up: nobody overtakes those who wait.
    if (this.#inFlight < this.#maxInFlight) this.#inFlight++
    else await this.#turn(options?.signal)
    try {
      return await call()
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
