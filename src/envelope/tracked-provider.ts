import type { EncryptionContext } from '../kms/context.js'
import type { DataKey } from '../kms/data-key.js'
import type { CallOptions, GeneratedDataKey, KekRef, KmsProvider, WrappedDataKey } from '../kms/provider.js'
import type { Lifetime } from './lifetime.js'

/** Stands inside the deadline: a call that its caller gave up may still have to write its end into the ledger. */
export class TrackedProvider implements KmsProvider {
  readonly #inner: KmsProvider
  readonly #lifetime: Lifetime

  constructor(inner: KmsProvider, lifetime: Lifetime) {
    this.#inner = inner
    this.#lifetime = lifetime
  }

  get name(): string {
    return this.#inner.name
  }

  currentKek(context: EncryptionContext, options?: CallOptions): Promise<KekRef> {
    return this.#lifetime.add(this.#inner.currentKek(context, options))
  }

  generateDataKey(context: EncryptionContext, options?: CallOptions): Promise<GeneratedDataKey> {
    return this.#lifetime.add(this.#inner.generateDataKey(context, options))
  }

  wrap(dataKey: DataKey, context: EncryptionContext, options?: CallOptions): Promise<WrappedDataKey> {
    return this.#lifetime.add(this.#inner.wrap(dataKey, context, options))
  }

  unwrap(wrapped: WrappedDataKey, context: EncryptionContext, options?: CallOptions): Promise<DataKey> {
    return this.#lifetime.add(this.#inner.unwrap(wrapped, context, options))
  }

  rewrap(wrapped: WrappedDataKey, context: EncryptionContext, options?: CallOptions): Promise<WrappedDataKey> {
    return this.#lifetime.add(this.#inner.rewrap(wrapped, context, options))
  }
}
