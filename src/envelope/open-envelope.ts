import { DecryptionError } from '../errors.js'
import { canonicalContext } from '../kms/context.js'
import type { DataKey } from '../kms/data-key.js'
import { aadOf } from './aad.js'
import { decrypt, encrypt } from './aead.js'
import { type EnvelopeBinding, encryptionContextOf } from './binding.js'
import type { EncryptedField } from './encrypted-field.js'
import { decodeValue, encodeValue, type FieldSpec } from './field-value.js'
import type { WrappedMetadata } from './metadata.js'

/** An envelope with its data key at hand: fields are encrypted and decrypted without waiting for anything. */
export class OpenEnvelope {
  readonly metadata: WrappedMetadata
  readonly binding: EnvelopeBinding
  readonly #dataKey: DataKey
  readonly #id: Buffer
  readonly #commitment: Buffer
  readonly #context: Buffer

  constructor(metadata: WrappedMetadata, binding: EnvelopeBinding, dataKey: DataKey) {
    this.metadata = metadata
    this.binding = binding
    this.#dataKey = dataKey
    this.#id = Buffer.from(metadata.id, 'base64url')
    this.#commitment = Buffer.from(metadata.commitment, 'base64url')
    this.#context = canonicalContext(encryptionContextOf(binding, metadata.id))
  }

  /** Rejects values that would not come back as they are with `PlaintextRefusedError`. */
  encryptField(field: FieldSpec, value: unknown): EncryptedField {
    const plaintext = encodeValue(field, value)
    try {
      const bytes = encrypt(this.#dataKey.keyObject, this.#aad(field), plaintext)
      return { commitment: this.metadata.commitment, bytes }
    } finally {
      // The caller's own buffer stays as it is; what we allocated for the encoding goes.
      if (plaintext !== value) plaintext.fill(0)
    }
  }

  /** `DecryptionError` for a field of another row, field, kind, tenant or data key, and for one that was altered. */
  decryptField(field: FieldSpec, encrypted: EncryptedField): unknown {
    if (encrypted.commitment !== this.metadata.commitment) throw new DecryptionError()
    return decodeValue(field, decrypt(this.#dataKey.keyObject, this.#aad(field), encrypted.bytes))
  }

  /** For the wraps of further recipients. */
  get dataKey(): DataKey {
    return this.#dataKey
  }

  #aad(field: FieldSpec): Buffer {
    return aadOf(field, this.#id, this.#commitment, this.#context)
  }
}
