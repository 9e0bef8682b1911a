import { lengthPrefixed } from '../kms/length-prefixed.js'
import type { FieldSpec } from './field-value.js'
import { ALGORITHM, FORMAT } from './format.js'

const PREFIX = lengthPrefixed(['waxseal', Buffer.from([FORMAT]), ALGORITHM])

/**
 * The part of the AAD that all fields of one envelope share; one byte is one character. A string, since it is kept with
 * the data key for as long as that is cached: a small buffer would keep a whole slab of Node's pool.
 */
export function envelopeAad(envelopeId: Uint8Array, commitment: Uint8Array, canonicalContext: Uint8Array): string {
  return lengthPrefixed([envelopeId, commitment, canonicalContext]).toString('latin1')
}

/**
 * The only place where the AAD of a field is made. Each part carries its length, so no two different lists of parts give
 * the same bytes. Holds nothing that a rotation changes. Must not change.
 */
export function aadOf({ id, kind }: FieldSpec, ofEnvelope: string): Buffer {
  // Ill-formed ids would all be encoded with U+FFFD: two fields could share an AAD.
  if (!id.isWellFormed()) throw new TypeError('a field id must be a string of well-formed Unicode')
  const aad = lengthPrefixed([id, kind], PREFIX.length, ofEnvelope.length)
  aad.set(PREFIX)
  aad.write(ofEnvelope, aad.length - ofEnvelope.length, 'latin1')
  return aad
}
