import { DelegateBackoff, handleWhen, type IPolicy, retry } from 'cockatiel'
import { isWaxsealError } from '../errors.js'
import type { EncryptionContext } from './context.js'
import type { DataKey } from './data-key.js'
import type { CallOptions, GeneratedDataKey, KekRef, KmsProvider, WrappedDataKey } from './provider.js'

export interface RetryOptions {
  /** Attempts after the first. Default 2. */
  readonly retries?: number
  /** Upper bound of the first pause in milliseconds; it doubles with each attempt. Default 100. */
  readonly initialDelayMs?: number
  /** Upper bound of any pause in milliseconds. Default 2,000. */
  readonly maxDelayMs?: number
  /** Uniform in [0, 1). Tests pass their own. */
  readonly random?: () => number
}

/**
 * The only retry in the library: the SDKs' own are switched off. Retries what is `retryable` and nothing else, after a
 * pause of full jitter (uniform between nothing and the bound), or after what the KMS asked for.
 */
export class RetryingProvider implements KmsProvider {
  readonly #inner: KmsProvider
  readonly #policy: IPolicy

  constructor(inner: KmsProvider, options: RetryOptions = {}) {
    const { retries = 2, initialDelayMs = 100, maxDelayMs = 2_000, random = Math.random } = options
    this.#inner = inner
    this.#policy = retry(
      handleWhen((error) => isWaxsealError(error) && error.retryable),
      {
        maxAttempts: retries,
        backoff: new DelegateBackoff(({ attempt, result }) => {
          const { error } = result as { error?: unknown }
          const asked = isWaxsealError(error) && 'retryAfterMs' in error ? Number(error.retryAfterMs) : 0
          const bound = Math.min(maxDelayMs, initialDelayMs * 2 ** (attempt - 1))
          return Math.max(asked, Math.floor(random() * bound))
        }),
      },
    )
  }

  get name(): string {
    return this.#inner.name
  }

  currentKek(context: EncryptionContext, options?: CallOptions): Promise<KekRef> {
    return this.#retry(options, () => this.#inner.currentKek(context, options))
  }

  generateDataKey(context: EncryptionContext, options?: CallOptions): Promise<GeneratedDataKey> {
    return this.#retry(options, () => this.#inner.generateDataKey(context, options))
  }

  wrap(dataKey: DataKey, context: EncryptionContext, options?: CallOptions): Promise<WrappedDataKey> {
    return this.#retry(options, () => this.#inner.wrap(dataKey, context, options))
  }

  unwrap(wrapped: WrappedDataKey, context: EncryptionContext, options?: CallOptions): Promise<DataKey> {
    return this.#retry(options, () => this.#inner.unwrap(wrapped, context, options))
  }

  rewrap(wrapped: WrappedDataKey, context: EncryptionContext, options?: CallOptions): Promise<WrappedDataKey> {
    return this.#retry(options, () => this.#inner.rewrap(wrapped, context, options))
  }

  #retry<T>(options: CallOptions | undefined, call: () => Promise<T>): Promise<T> {
    const { signal } = options ?? {}
    const attempts = this.#policy.execute(() => {
      // No attempt after an abort during the pause.
      signal?.throwIfAborted()
      return call()
    })
    return signal ? untilAborted(attempts, signal) : attempts
  }
}

/** The pause itself cannot be cut short, and it may be as long as the KMS asked for; the caller is let go at once. */
function untilAborted<T>(attempts: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    attempts.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
