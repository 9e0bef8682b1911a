import type { FieldSpec } from './field-value.js'
import { ALGORITHM, FORMAT } from './format.js'

const PREFIX = concatWithLengths([Buffer.from('waxseal'), Buffer.from([FORMAT]), Buffer.from(ALGORITHM)])

/**
 * The only place where the AAD of a field is made. Each part carries its length, so no two different lists of parts give
 * the same bytes. Holds nothing that a rotation changes. Must not change.
 */
export function aadOf(
  field: FieldSpec,
  envelopeId: Uint8Array,
  commitment: Uint8Array,
  canonicalContext: Uint8Array,
): Buffer {
  // Ill-formed ids would all be encoded with U+FFFD: two fields could share an AAD.
  if (!field.id.isWellFormed()) throw new TypeError('a field id must be a string of well-formed Unicode')
  const names = [Buffer.from(field.id), Buffer.from(field.kind)]
  return Buffer.concat([PREFIX, concatWithLengths([...names, envelopeId, commitment, canonicalContext])])
}

function concatWithLengths(parts: readonly Uint8Array[]): Buffer {
  return Buffer.concat(
    parts.flatMap((part) => {
      const length = Buffer.allocUnsafe(4)
      length.writeUInt32BE(part.length)
      return [length, part]
    }),
  )
}
