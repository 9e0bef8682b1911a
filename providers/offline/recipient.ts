import type { EncryptionContext } from '../../src/kms/context.js'
import type { DataKey } from '../../src/kms/data-key.js'
import { assertKnown } from '../../src/kms/options.js'
import type { CallOptions, KekRef, WrapOnlyRecipient, WrappedDataKey } from '../../src/kms/provider.js'
import { assertConfirmed } from './challenge.js'
import { NAME, parsePublicKey, type RecoveryPublicKey } from './public-key.js'
import { wrapFor } from './wrap.js'

export interface OfflineRecipientOptions {
  /** The public half in PEM. */
  readonly publicKey: string
  /** What `waxseal recovery-key confirm` wrote for this key. */
  readonly confirmation: string
}

const OPTIONS = ['publicKey', 'confirmation']

/**
 * An offline recovery key: wraps under a public key whose private half is on no machine of the service. Makes no call
 * anywhere. The constructor throws `ConfigurationError` for a key that nobody has shown to open what it wraps.
 */
export class OfflineRecipient implements WrapOnlyRecipient {
  readonly name = NAME
  readonly #publicKey: RecoveryPublicKey

  constructor(options: OfflineRecipientOptions) {
    assertKnown('recipient "offline"', options, OPTIONS)
    this.#publicKey = parsePublicKey(options.publicKey)
    assertConfirmed(options.confirmation, this.#publicKey.fingerprint)
  }

  async currentKek(_context: EncryptionContext, options?: CallOptions): Promise<KekRef> {
    options?.signal?.throwIfAborted()
    return this.#publicKey.kek
  }

  async wrap(dataKey: DataKey, context: EncryptionContext, options?: CallOptions): Promise<WrappedDataKey> {
    options?.signal?.throwIfAborted()
    return wrapFor(this.#publicKey, dataKey, context)
  }
}
