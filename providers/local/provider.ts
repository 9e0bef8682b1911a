import { createCipheriv, createDecipheriv, randomFillSync } from 'node:crypto'
import { ConfigurationError, DecryptionError } from '../../src/errors.js'
import type { EncryptionContext } from '../../src/kms/context.js'
import { DATA_KEY_BYTES, DataKey } from '../../src/kms/data-key.js'
import { assertKnown } from '../../src/kms/options.js'
import type { CallOptions, GeneratedDataKey, KekRef, KmsProvider, WrappedDataKey } from '../../src/kms/provider.js'
import { generateThenWrap, unwrapThenWrap } from '../../src/kms/strategies.js'
import { LocalKeyring } from './keyring.js'
import { parseKeys } from './parse-keys.js'
import { wrapAad } from './wrap-aad.js'

export interface LocalProviderOptions {
  /**
   * All keys that may read, by number: as text (`1:<key>.<fingerprint>,2:…`, made by `waxseal keygen`), or as bytes, which
   * the provider takes over and zeroes.
   */
  readonly keys: string | Readonly<Record<number, Uint8Array>>
  /** The number of the key that wraps. Explicit, so that a new key can be handed out everywhere before one uses it. */
  readonly currentKey: number
  /** Tells keyrings apart; stored in every KEK ref. Default `local`. */
  readonly id?: string
}

const OPTIONS = ['keys', 'currentKey', 'id']
const CIPHER = 'aes-256-gcm'
const IV_BYTES = 12
const TAG_BYTES = 16
/** Without it Node takes tags of 4 bytes too. */
const GCM = { authTagLength: TAG_BYTES }
const WRAPPED_BYTES = IV_BYTES + DATA_KEY_BYTES + TAG_BYTES

/**
 * A KMS inside the process: AES-256-GCM under numbered keys from the environment, a file or a passphrase. For development
 * and for deployments that keep their keys in a secret store. There is no audit trail but the ledger, and whoever reads
 * the process reads the keys.
 *
 * Makes no call anywhere. The constructor throws `ConfigurationError` for keys that nobody should use.
 */
export class LocalProvider implements KmsProvider {
  readonly name = 'local'
  readonly #keyring: LocalKeyring

  constructor(options: LocalProviderOptions) {
    assertKnown('provider "local"', options, OPTIONS)
    const { keys, currentKey, id = 'local' } = options
    // What an environment variable that is not set gives, whatever the types say.
    if (keys === undefined) throw new ConfigurationError('provider "local": the option "keys" is missing')
    this.#keyring = new LocalKeyring(id, typeof keys === 'string' ? parseKeys(keys) : keys, currentKey)
  }

  async currentKek(_context: EncryptionContext, options?: CallOptions): Promise<KekRef> {
    options?.signal?.throwIfAborted()
    options?.onReply?.({ operation: 'currentKek', status: 'ok' })
    return this.#keyring.refOf(this.#keyring.current)
  }

  generateDataKey(context: EncryptionContext, options?: CallOptions): Promise<GeneratedDataKey> {
    return generateThenWrap(this, context, options)
  }

  async wrap(dataKey: DataKey, context: EncryptionContext, options?: CallOptions): Promise<WrappedDataKey> {
    options?.signal?.throwIfAborted()
    const kek = this.#keyring.refOf(this.#keyring.current)
    const bytes = Buffer.allocUnsafe(WRAPPED_BYTES)
    // Straight from the generator: a KEK wraps many data keys, and two under one IV would give both away.
    const iv = randomFillSync(bytes.subarray(0, IV_BYTES))
    const cipher = createCipheriv(CIPHER, this.#keyring.current.key, iv, GCM).setAAD(wrapAad(kek, context))
    bytes.set(
      dataKey.withBytes((key) => cipher.update(key)),
      IV_BYTES,
    )
    cipher.final()
    bytes.set(cipher.getAuthTag(), WRAPPED_BYTES - TAG_BYTES)
    options?.onReply?.({ operation: 'wrap', status: 'ok' })
    return { kek, bytes }
  }

  async unwrap(wrapped: WrappedDataKey, context: EncryptionContext, options?: CallOptions): Promise<DataKey> {
    options?.signal?.throwIfAborted()
    const { kek, bytes } = wrapped
    const { key } = this.#keyring.find(kek)
    if (bytes.length !== WRAPPED_BYTES) throw new DecryptionError(undefined, { kek })
    const dataKey = open()
    options?.onReply?.({ operation: 'unwrap', status: dataKey ? 'ok' : 'refused' })
    if (!dataKey) throw new DecryptionError(undefined, { kek })
    return dataKey

    function open(): DataKey | undefined {
      const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, IV_BYTES), GCM)
      decipher.setAAD(wrapAad(kek, context)).setAuthTag(bytes.subarray(-TAG_BYTES))
      const plaintext = decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES))
      try {
        decipher.final()
      } catch {
        plaintext.fill(0)
        return undefined
      }
      return DataKey.adopt(plaintext)
    }
  }

  rewrap(wrapped: WrappedDataKey, context: EncryptionContext, options?: CallOptions): Promise<WrappedDataKey> {
    return unwrapThenWrap(this, wrapped, context, options)
  }
}
