import { DecryptionError } from '../errors.js'
import { canonicalContext } from '../kms/context.js'
import type { DataKey } from '../kms/data-key.js'
import { aadOf, envelopeAad } from './aad.js'
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
  readonly #aad: string

  /** `aad`: what `aadOfEnvelope` gives, where it is known already. */
  constructor(
    metadata: WrappedMetadata,
    binding: EnvelopeBinding,
    dataKey: DataKey,
    aad = aadOfEnvelope(metadata, canonicalContext(encryptionContextOf(binding, metadata.id))),
  ) {
    this.metadata = metadata
    this.binding = binding
    this.#dataKey = dataKey
    this.#aad = aad
  }

  /** Rejects values that would not come back as they are with `PlaintextRefusedError`. */
  encryptField(field: FieldSpec, value: unknown): EncryptedField {
    const plaintext = encodeValue(field, value)
    try {
      const bytes = encrypt(this.#dataKey.keyObject, aadOf(field, this.#aad), plaintext)
      return { commitment: this.metadata.commitment, bytes }
    } finally {
      // The caller's own buffer stays as it is; what we allocated for the encoding goes.
      if (plaintext !== value) plaintext.fill(0)
    }
  }

  /** `DecryptionError` for a field of another row, field, kind, tenant or data key, and for one that was altered. */
  decryptField(field: FieldSpec, encrypted: EncryptedField): unknown {
    if (encrypted.commitment !== this.metadata.commitment) throw new DecryptionError()
    return decodeValue(field, decrypt(this.#dataKey.keyObject, aadOf(field, this.#aad), encrypted.bytes))
  }

  /** For the wraps of further recipients. */
  get dataKey(): DataKey {
    return this.#dataKey
  }
}

/** What all fields of an envelope are authenticated with. */
export function aadOfEnvelope({ id, commitment }: WrappedMetadata, context: Uint8Array): string {
  return envelopeAad(Buffer.from(id, 'base64url'), Buffer.from(commitment, 'base64url'), context)
}
