import { InvalidEnvelopeError } from '../errors.js'
import { decodeBase64url, isBase64url } from './base64url.js'
import { COMMITMENT_BYTES, FORMAT, IV_BYTES, MAX_FIELD_BYTES, TAG_BYTES } from './format.js'

/** One field as it is stored, parsed. */
export interface EncryptedField {
  /** 43 characters of base64url: which data key it opens under. */
  readonly commitment: string
  /** `iv ‖ ciphertext ‖ tag`. */
  readonly bytes: Buffer
}

/** What every field in a `text` column starts with, and much else may. */
export const TEXT_PREFIX = `ws${FORMAT}:`
const COMMITMENT_CHARACTERS = 43
const COMMITMENT_END = TEXT_PREFIX.length + COMMITMENT_CHARACTERS
const SHORTEST = IV_BYTES + TAG_BYTES
const LONGEST = SHORTEST + MAX_FIELD_BYTES

/** The form of a `text` column: `ws1:<commitment>:<base64url(iv ‖ ciphertext ‖ tag)>`. */
export function formatText({ commitment, bytes }: EncryptedField): string {
  return `${TEXT_PREFIX}${commitment}:${bytes.toString('base64url')}`
}

/** Reads the form of a `text` column; `InvalidEnvelopeError` for anything that `formatText` would not have written. */
export function parseText(text: string): EncryptedField {
  if (!text.startsWith(TEXT_PREFIX)) throw invalid(`expected it to start with "${TEXT_PREFIX}"`)
  if (text[COMMITMENT_END] !== ':') throw invalid(`expected a commitment of ${COMMITMENT_CHARACTERS} characters`)
  const commitment = text.slice(TEXT_PREFIX.length, COMMITMENT_END)
  if (!isBase64url(commitment, COMMITMENT_BYTES)) throw invalid('the commitment is not canonical base64url')
  // The length is checked before anything of that size is allocated.
  if (text.length - COMMITMENT_END - 1 > Math.ceil((LONGEST * 4) / 3)) throw invalid('it is longer than a field may be')
  const bytes = decodeBase64url(text.slice(COMMITMENT_END + 1))
  if (!bytes) throw invalid('the ciphertext is not canonical base64url')
  return checked({ commitment, bytes })
}

/** The form of a `bytea` column: `0x01 ‖ commitment ‖ iv ‖ ciphertext ‖ tag`. */
export function formatBytes({ commitment, bytes }: EncryptedField): Buffer {
  // Never in the pool that small buffers share: an error that carries this as a parameter, or a structured clone of it,
  // would carry the pool, and with it whatever plaintext lies beside.
  const stored = Buffer.allocUnsafeSlow(1 + COMMITMENT_BYTES + bytes.length)
  stored[0] = FORMAT
  stored.write(commitment, 1, 'base64url')
  bytes.copy(stored, 1 + COMMITMENT_BYTES)
  return stored
}

/** Reads the form of a `bytea` column. */
export function parseBytes(stored: Uint8Array): EncryptedField {
  const buffer = Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength)
  if (buffer[0] !== FORMAT) throw invalid(`expected the first byte to be ${FORMAT}`)
  const commitment = buffer.subarray(1, 1 + COMMITMENT_BYTES)
  return checked({ commitment: commitment.toString('base64url'), bytes: buffer.subarray(1 + COMMITMENT_BYTES) })
}

/** Whether a value has the form of a stored field, of either column type, under the data key with this commitment. */
export function isStoredUnder(commitment: string, value: unknown): boolean {
  if (typeof value === 'string') return value.startsWith(`${TEXT_PREFIX}${commitment}:`)
  if (!(value instanceof Uint8Array)) return false
  const start = formatBytes({ commitment, bytes: Buffer.alloc(0) })
  return start.equals(value.subarray(0, start.length))
}

function checked(field: EncryptedField): EncryptedField {
  if (field.bytes.length < SHORTEST) throw invalid('it is shorter than an IV and a tag')
  if (field.bytes.length > LONGEST) throw invalid('it is longer than a field may be')
  return field
}

function invalid(detail: string): InvalidEnvelopeError {
  return new InvalidEnvelopeError(`not a field of format ${FORMAT}: ${detail}`)
}
