import { lengthPrefixed } from '../kms/length-prefixed.js'
import type { FieldSpec } from './field-value.js'
import { ALGORITHM, FORMAT } from './format.js'

const PREFIX = lengthPrefixed(['waxseal', Buffer.from([FORMAT]), ALGORITHM])

/** The part of the AAD that all fields of one envelope share. Holds nothing that a rotation changes. */
export function envelopeAad(envelopeId: Uint8Array, commitment: Uint8Array, canonicalContext: Uint8Array): Buffer {
  return lengthPrefixed([envelopeId, commitment, canonicalContext])
}

/**
 * The only place where the AAD of a field is made. Each part carries its length, so no two different lists of parts give
 * the same bytes. Must not change.
 */
export function aadOf({ id, kind }: FieldSpec, ofEnvelope: Uint8Array): Buffer {
  // Ill-formed ids would all be encoded with U+FFFD: two fields could share an AAD.
  if (!id.isWellFormed()) throw new TypeError('a field id must be a string of well-formed Unicode')
  return Buffer.concat([PREFIX, lengthPrefixed([id, kind]), ofEnvelope])
}
