import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { ConfigurationError, DecryptionError, KekNotAcceptedError } from '../../src/errors.js'
import type { EncryptionContext } from '../../src/kms/context.js'
import { DataKey } from '../../src/kms/data-key.js'
import {
  type CallOptions,
  describeKek,
  type GeneratedDataKey,
  type KekRef,
  type KmsProvider,
  sameKek,
  type WrappedDataKey,
} from '../../src/kms/provider.js'
import { generateThenWrap, unwrapThenWrap } from '../../src/kms/strategies.js'
import { NAME, publicKeyOf, type RecoveryPublicKey } from './public-key.js'
import { wrapFor } from './wrap.js'

/** The private half, for the offline machine: opens what `OfflineRecipient` wrapped. Never part of a service. */
export class RecoveryProvider implements KmsProvider {
  readonly name = NAME
  readonly kek: KekRef
  readonly #privateKey: KeyObject
  readonly #publicKey: RecoveryPublicKey

  /** `pem`: PKCS#8, encrypted under `passphrase`. Throws `ConfigurationError`, which repeats neither. */
  constructor(pem: string, passphrase: string) {
    this.#privateKey = open(pem, passphrase)
    this.#publicKey = publicKeyOf(createPublicKey(this.#privateKey))
    this.kek = this.#publicKey.kek
  }

  async currentKek(_context: EncryptionContext, options?: CallOptions): Promise<KekRef> {
    options?.signal?.throwIfAborted()
    return this.kek
  }

  generateDataKey(context: EncryptionContext, options?: CallOptions): Promise<GeneratedDataKey> {
    return generateThenWrap(this, context, options)
  }

  async wrap(dataKey: DataKey, context: EncryptionContext, options?: CallOptions): Promise<WrappedDataKey> {
    options?.signal?.throwIfAborted()
    return wrapFor(this.#publicKey, dataKey, context)
  }

  async unwrap({ kek, bytes }: WrappedDataKey, context: EncryptionContext, options?: CallOptions): Promise<DataKey> {
    options?.signal?.throwIfAborted()
    if (!sameKek(kek, this.kek)) {
      throw new KekNotAcceptedError(`expected a wrap of ${describeKek(this.kek)}, found ${describeKek(kek)}`, { kek })
    }
    const dataKey = this.#publicKey.algorithm.open(this.#privateKey, kek, bytes, context)
    if (!dataKey) throw new DecryptionError(undefined, { kek })
    return DataKey.adopt(dataKey)
  }

  rewrap(wrapped: WrappedDataKey, context: EncryptionContext, options?: CallOptions): Promise<WrappedDataKey> {
    return unwrapThenWrap(this, wrapped, context, options)
  }
}

function open(pem: string, passphrase: string): KeyObject {
  try {
    return createPrivateKey({ key: pem, passphrase })
  } catch {
    throw new ConfigurationError(
      'recovery key: expected an encrypted private key in PEM (-----BEGIN ENCRYPTED PRIVATE KEY-----) and its ' +
        'passphrase, found a file or a passphrase that do not fit',
    )
  }
}
