import { type ErrorCode, isWaxsealError } from '../errors.js'

/** What is wrong with one row and says nothing about the others. A KMS that fails concerns them all. */
const OF_A_ROW: readonly ErrorCode[] = [
  'ERR_LEGACY_VALUE',
  'ERR_PLAINTEXT_REFUSED',
  'ERR_INVALID_ENVELOPE',
  'ERR_DECRYPTION_FAILED',
  'ERR_KEK_NOT_ACCEPTED',
  'ERR_CREDENTIAL_SHREDDED',
]

export function isOfOneRow(error: unknown): boolean {
  return isWaxsealError(error) && OF_A_ROW.includes(error.code)
}
