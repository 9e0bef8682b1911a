import {
  type CallOptions,
  DataKey,
  type GeneratedDataKey,
  type KekRef,
  type KmsProvider,
  type WrappedDataKey,
} from 'waxseal/kms'

/**
 * A KMS without cryptography that answers at once, and always with one data key, so that SQL alone can make envelopes which it
 * opens. What is measured with it is everything but the KMS.
 */
export class OneKeyProvider implements KmsProvider {
  readonly name = 'one-key'
  readonly #key: Uint8Array
  readonly #version: string

  constructor(key: Uint8Array, version: string) {
    this.#key = key
    this.#version = version
  }

  async currentKek(): Promise<KekRef> {
    return { provider: this.name, id: 'key', version: this.#version }
  }

  async unwrap(): Promise<DataKey> {
    return DataKey.adopt(Uint8Array.from(this.#key))
  }

  async wrap(): Promise<WrappedDataKey> {
    return { kek: await this.currentKek(), bytes: Buffer.alloc(WRAPPED_BYTES) }
  }

  async generateDataKey(): Promise<GeneratedDataKey> {
    return { dataKey: await this.unwrap(), wrapped: await this.wrap() }
  }

  rewrap(_wrapped: WrappedDataKey, _context: unknown, _options?: CallOptions): Promise<WrappedDataKey> {
    return this.wrap()
  }
}

/** What the local provider's have. */
const WRAPPED_BYTES = 60
