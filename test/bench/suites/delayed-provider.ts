import { setTimeout as after } from 'node:timers/promises'
import type { CallOptions, DataKey, EncryptionContext, KmsProvider, WrappedDataKey } from 'waxseal'
import { localProvider } from './credential.js'

/** A KMS with real cryptography that answers after a while, as one on a network does. */
export class DelayedProvider implements KmsProvider {
  readonly name = 'local'
  readonly #provider = localProvider()
  readonly #latencyMs: number

  constructor(latencyMs: number) {
    this.#latencyMs = latencyMs
  }

  async currentKek(context: EncryptionContext, options?: CallOptions) {
    await after(this.#latencyMs)
    return this.#provider.currentKek(context, options)
  }

  async generateDataKey(context: EncryptionContext, options?: CallOptions) {
    await after(this.#latencyMs)
    return this.#provider.generateDataKey(context, options)
  }

  async wrap(dataKey: DataKey, context: EncryptionContext, options?: CallOptions) {
    await after(this.#latencyMs)
    return this.#provider.wrap(dataKey, context, options)
  }

  async unwrap(wrapped: WrappedDataKey, context: EncryptionContext, options?: CallOptions) {
    await after(this.#latencyMs)
    return this.#provider.unwrap(wrapped, context, options)
  }

  async rewrap(wrapped: WrappedDataKey, context: EncryptionContext, options?: CallOptions) {
    await after(this.#latencyMs)
    return this.#provider.rewrap(wrapped, context, options)
  }
}
