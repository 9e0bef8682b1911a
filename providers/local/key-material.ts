import { createSecretKey, hash, type KeyObject } from 'node:crypto'
import { ConfigurationError } from '../../src/errors.js'
import { whyGuessable } from './guessable.js'

export const KEY_BYTES = 32

/** A KEK as it is held: its bytes are inside OpenSSL and nowhere else. */
export interface NumberedKek {
  readonly number: number
  readonly fingerprint: string
  /** As a KEK ref spells it: `<number>-<fingerprint>`. */
  readonly version: string
  readonly key: KeyObject
}

/** Must not change: it is part of the version in every stored KEK ref. */
const FINGERPRINT_LABEL = Buffer.from('waxseal local KEK fingerprint 1', 'ascii')
const FINGERPRINT_CHARACTERS = 16

/**
 * The first 64 bits of SHA-256(label ‖ key), in hexadecimal. Public: it is stored in each row and printed by messages. To
 * learn anything from it one would have to find the 256-bit key by trial; for a key from a passphrase it confirms a guess
 * no faster than any wrapped data key does, at one scrypt each.
 */
export function fingerprintOf(bytes: Uint8Array): string {
  const input = Buffer.concat([FINGERPRINT_LABEL, bytes])
  const fingerprint = hash('sha256', input, 'hex').slice(0, FINGERPRINT_CHARACTERS)
  input.fill(0)
  return fingerprint
}

/** Refuses bytes that nobody should use as a key. Copies them; the caller zeroes his. */
export function kekOf(number: number, bytes: Uint8Array): NumberedKek {
  assertKeyNumber(number)
  if (bytes.length !== KEY_BYTES) {
    throw new ConfigurationError(
      `provider "local": key ${number} must have ${KEY_BYTES} bytes, found ${bytes.length}; make one with "waxseal keygen"`,
    )
  }
  const guessable = whyGuessable(bytes)
  if (guessable) {
    throw new ConfigurationError(`provider "local": key ${number} ${guessable}; make one with "waxseal keygen"`)
  }
  const fingerprint = fingerprintOf(bytes)
  return { number, fingerprint, version: `${number}-${fingerprint}`, key: createSecretKey(bytes) }
}

/** Throws unless `number` is a whole number from 1 to 999999999. */
export function assertKeyNumber(number: number): void {
  if (!Number.isSafeInteger(number) || number < 1 || number > 999_999_999) {
    throw new ConfigurationError('provider "local": a key number must be a whole number from 1 to 999999999')
  }
}
