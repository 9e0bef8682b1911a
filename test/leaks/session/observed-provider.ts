import type { EncryptionContext } from '../../../src/kms/context.js'
import type { DataKey } from '../../../src/kms/data-key.js'
import type { CallOptions, GeneratedDataKey, KekRef, KmsProvider, WrappedDataKey } from '../../../src/kms/provider.js'
import type { Canaries } from '../canaries.js'

/** Notes every data key that passes it as a canary. */
export class ObservedProvider implements KmsProvider {
  readonly #inner: KmsProvider
  readonly #canaries: Canaries

  constructor(inner: KmsProvider, canaries: Canaries) {
    this.#inner = inner
    this.#canaries = canaries
  }

  get name(): string {
    return this.#inner.name
  }

  currentKek(context: EncryptionContext, options?: CallOptions): Promise<KekRef> {
    return this.#inner.currentKek(context, options)
  }

  async generateDataKey(context: EncryptionContext, options?: CallOptions): Promise<GeneratedDataKey> {
    const generated = await this.#inner.generateDataKey(context, options)
    this.#note(generated.dataKey)
    return generated
  }

  wrap(dataKey: DataKey, context: EncryptionContext, options?: CallOptions): Promise<WrappedDataKey> {
    this.#note(dataKey)
    return this.#inner.wrap(dataKey, context, options)
  }

  async unwrap(wrapped: WrappedDataKey, context: EncryptionContext, options?: CallOptions): Promise<DataKey> {
    const dataKey = await this.#inner.unwrap(wrapped, context, options)
    this.#note(dataKey)
    return dataKey
  }

  rewrap(wrapped: WrappedDataKey, context: EncryptionContext, options?: CallOptions): Promise<WrappedDataKey> {
    return this.#inner.rewrap(wrapped, context, options)
  }

  #note(dataKey: DataKey): void {
    dataKey.withBytes((bytes) => this.#canaries.bytes('a data key', bytes))
  }
}
