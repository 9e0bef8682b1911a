import type { EncryptionContext } from '../../../src/kms/context.js'
import type { DataKey } from '../../../src/kms/data-key.js'
import { ForwardingProvider } from '../../../src/kms/forwarding-provider.js'
import type { CallOptions, GeneratedDataKey, KmsProvider, WrappedDataKey } from '../../../src/kms/provider.js'
import type { Canaries } from '../canaries.js'

/** Notes every data key that passes it as a canary. */
export class ObservedProvider extends ForwardingProvider {
  readonly #canaries: Canaries

  constructor(inner: KmsProvider, canaries: Canaries) {
    super(inner)
    this.#canaries = canaries
  }

  override async generateDataKey(context: EncryptionContext, options?: CallOptions): Promise<GeneratedDataKey> {
    const generated = await super.generateDataKey(context, options)
    this.#note(generated.dataKey)
    return generated
  }

  override wrap(dataKey: DataKey, context: EncryptionContext, options?: CallOptions): Promise<WrappedDataKey> {
    this.#note(dataKey)
    return super.wrap(dataKey, context, options)
  }

  override async unwrap(wrapped: WrappedDataKey, context: EncryptionContext, options?: CallOptions): Promise<DataKey> {
    const dataKey = await super.unwrap(wrapped, context, options)
    this.#note(dataKey)
    return dataKey
  }

  #note(dataKey: DataKey): void {
    dataKey.withBytes((bytes) => this.#canaries.bytes('a data key', bytes))
  }
}
