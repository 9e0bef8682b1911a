import { createDecipheriv } from 'node:crypto'
import { DecryptionError, KekNotAcceptedError } from '../../src/errors.js'
import { canonicalContext, type EncryptionContext } from '../../src/kms/context.js'
import { DataKey } from '../../src/kms/data-key.js'
import type { KekRef, KmsProvider, WrappedDataKey } from '../../src/kms/provider.js'

/** Unwraps what the vectors hold, under the published KEK that they name. Wraps nothing. */
export class VectorKms implements KmsProvider {
  readonly name: string
  readonly #kek: KekRef
  readonly #key: Buffer

  constructor({ provider, id, version, key }: KekRef & { readonly key: string }) {
    this.name = provider
    this.#kek = { provider, id, version }
    this.#key = Buffer.from(key, 'hex')
  }

  async currentKek(): Promise<KekRef> {
    return this.#kek
  }

  async unwrap({ kek, bytes }: WrappedDataKey, context: EncryptionContext): Promise<DataKey> {
    if (kek.id !== this.#kek.id || kek.version !== this.#kek.version)
      throw new KekNotAcceptedError('not the KEK', { kek })
    if (bytes.length !== 60) throw new DecryptionError()
    const decipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(0, 12), { authTagLength: 16 })
    decipher.setAAD(canonicalContext(context)).setAuthTag(bytes.subarray(44))
    const dataKey = decipher.update(bytes.subarray(12, 44))
    try {
      decipher.final()
    } catch {
      throw new DecryptionError()
    }
    return DataKey.adopt(dataKey)
  }

  generateDataKey(): Promise<never> {
    throw new TypeError('the KMS of the vectors makes nothing new')
  }

  wrap = this.generateDataKey
  rewrap = this.generateDataKey
}
