import { type EncryptedField, formatBytes, formatText, parseBytes, parseText } from '../envelope/encrypted-field.js'
import type { OpenEnvelope } from '../envelope/open-envelope.js'
import { InvalidEnvelopeError } from '../errors.js'
import type { LoadedField, StoredField } from './encrypted-value.js'
import type { ProtectedField } from './protected-entity.js'

/** A plaintext as its column stores it. */
export function encryptForColumn(envelope: OpenEnvelope, field: ProtectedField, plaintext: unknown): StoredField {
  const encrypted = envelope.encryptField(field, plaintext)
  return field.column.type === 'bytea' ? formatBytes(encrypted) : formatText(encrypted)
}

export function decryptFromColumn(envelope: OpenEnvelope, field: ProtectedField, loaded: LoadedField): unknown {
  // Also what comes from the column so far: no ciphertext, it does not parse.
  return envelope.decryptField(field, parseColumn(field, loaded.stored))
}

function parseColumn(field: ProtectedField, stored: StoredField): EncryptedField {
  if (typeof stored === 'string') return parseText(stored)
  if (Buffer.isBuffer(stored)) return parseBytes(stored)
  throw new InvalidEnvelopeError(`field "${field.id}": expected text or bytes in its column`)
}
