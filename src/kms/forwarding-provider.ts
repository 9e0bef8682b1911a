import type { KmsOperation } from './call-ledger.js'
import type { EncryptionContext } from './context.js'
import type { DataKey } from './data-key.js'
import type { CallOptions, GeneratedDataKey, KekRef, KmsProvider, WrappedDataKey } from './provider.js'

/** One call to a provider, whichever of the five it is. */
export interface ForwardedCall<T> {
  readonly operation: KmsOperation
  readonly context: EncryptionContext
  /** The KEK that the caller named. Absent where the provider chooses it. */
  readonly kek?: KekRef
  readonly options: CallOptions
  readonly send: (options: CallOptions) => Promise<T>
  /** The KEK that the result is under. */
  readonly kekOf: (result: T) => KekRef
}

/**
 * Passes every call on to another provider. What surrounds a provider says in `around` what it does with a call, whichever
 * it is: before it, after it, with other options, more than once or not at all.
 */
export class ForwardingProvider implements KmsProvider {
  readonly #inner: KmsProvider

  constructor(inner: KmsProvider) {
    this.#inner = inner
  }

  get name(): string {
    return this.#inner.name
  }

  currentKek(context: EncryptionContext, options: CallOptions = {}): Promise<KekRef> {
    const send = (passed: CallOptions) => this.#inner.currentKek(context, passed)
    return this.around({ operation: 'currentKek', context, options, send, kekOf: (kek) => kek })
  }

  generateDataKey(context: EncryptionContext, options: CallOptions = {}): Promise<GeneratedDataKey> {
    const send = (passed: CallOptions) => this.#inner.generateDataKey(context, passed)
    return this.around({ operation: 'generateDataKey', context, options, send, kekOf: ({ wrapped }) => wrapped.kek })
  }

  wrap(dataKey: DataKey, context: EncryptionContext, options: CallOptions = {}): Promise<WrappedDataKey> {
    const send = (passed: CallOptions) => this.#inner.wrap(dataKey, context, passed)
    return this.around({ operation: 'wrap', context, options, send, kekOf: ({ kek }) => kek })
  }

  unwrap(wrapped: WrappedDataKey, context: EncryptionContext, options: CallOptions = {}): Promise<DataKey> {
    const { kek } = wrapped
    const send = (passed: CallOptions) => this.#inner.unwrap(wrapped, context, passed)
    return this.around({ operation: 'unwrap', context, kek, options, send, kekOf: () => kek })
  }

  rewrap(wrapped: WrappedDataKey, context: EncryptionContext, options: CallOptions = {}): Promise<WrappedDataKey> {
    const send = (passed: CallOptions) => this.#inner.rewrap(wrapped, context, passed)
    return this.around({ operation: 'rewrap', context, kek: wrapped.kek, options, send, kekOf: ({ kek }) => kek })
  }

  protected around<T>({ send, options }: ForwardedCall<T>): Promise<T> {
    return send(options)
  }
}
