import { type Clock, systemClock } from './clock.js'
import type { EncryptionContext } from './context.js'
import type { DataKey } from './data-key.js'
import { withDeadline } from './deadline.js'
import { assertOptions, CLOCK, type OptionRules, wholeNumberFrom } from './options.js'
import type { CallOptions, GeneratedDataKey, KekRef, KmsProvider, WrappedDataKey } from './provider.js'

export interface DeadlineOptions {
  /** For calls that bring no deadline of their own. Milliseconds, default 5,000. */
  readonly timeoutMs?: number
  /** Default: that of the system. Tests pass one that they move by hand. */
  readonly clock?: Clock
}

const OPTIONS: OptionRules<DeadlineOptions> = { timeoutMs: wholeNumberFrom(1), clock: CLOCK }

/** Ends every call at its deadline, whether the provider underneath listens to its signal or not. */
export class DeadlineProvider implements KmsProvider {
  readonly #inner: KmsProvider
  readonly #timeoutMs: number
  readonly #clock: Clock

  constructor(inner: KmsProvider, options: DeadlineOptions = {}) {
    assertOptions('DeadlineProvider', options, OPTIONS)
    this.#inner = inner
    this.#timeoutMs = options.timeoutMs ?? 5_000
    this.#clock = options.clock ?? systemClock
  }

  get name(): string {
    return this.#inner.name
  }

  currentKek(context: EncryptionContext, options?: CallOptions): Promise<KekRef> {
    return this.#limit(options, (limited) => this.#inner.currentKek(context, limited))
  }

  generateDataKey(context: EncryptionContext, options?: CallOptions): Promise<GeneratedDataKey> {
    return this.#limit(options, (limited) => this.#inner.generateDataKey(context, limited))
  }

  wrap(dataKey: DataKey, context: EncryptionContext, options?: CallOptions): Promise<WrappedDataKey> {
    return this.#limit(options, (limited) => this.#inner.wrap(dataKey, context, limited))
  }

  unwrap(wrapped: WrappedDataKey, context: EncryptionContext, options?: CallOptions): Promise<DataKey> {
    return this.#limit(options, (limited) => this.#inner.unwrap(wrapped, context, limited))
  }

  rewrap(wrapped: WrappedDataKey, context: EncryptionContext, options?: CallOptions): Promise<WrappedDataKey> {
    return this.#limit(options, (limited) => this.#inner.rewrap(wrapped, context, limited))
  }

  #limit<T>(options: CallOptions = {}, call: (limited: CallOptions) => Promise<T>): Promise<T> {
    const deadline = options.deadline ?? this.#clock.now() + this.#timeoutMs
    return withDeadline(`provider "${this.name}"`, { ...options, deadline }, this.#clock, call)
  }
}
