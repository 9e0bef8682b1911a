import { ConfigurationError } from '../../src/errors.js'
import { isPlaceholder, whyGuessable } from './guessable.js'
import { assertKeyNumber, fingerprintOf, KEY_BYTES } from './key-material.js'

const ENTRY = /^([0-9]+):([^.]*)(?:\.([^.]*))?$/
const KEY_CHARACTERS = 43

/**
 * Reads numbered keys, separated by commas or line ends: `<number>:<key>.<fingerprint>`, the key as 32 bytes in base64url.
 * Empty lines and what follows a `#` are left out.
 *
 * The fingerprint is required. A typing error in a key gives another key that would work quite as well, until the rows it
 * wrote have to be read by somebody who has the right one. No message contains any of the text but numbers and fingerprints.
 */
export function parseKeys(text: string): Record<number, Uint8Array> {
  const keys: Record<number, Uint8Array> = {}
  try {
    const entries = text
      .replaceAll(/#.*/g, '')
      .split(/[,\n]/)
      .map((entry) => entry.trim())
      .filter((entry) => entry !== '')
    if (entries.length === 0) throw refused('no key is configured')
    for (const [index, entry] of entries.entries()) {
      const [number, bytes] = parseEntry(entry, index + 1)
      if (Object.hasOwn(keys, number)) {
        bytes.fill(0)
        throw refused(`the number ${number} stands before two keys; give each its own`)
      }
      keys[number] = bytes
    }
    return keys
  } catch (error) {
    for (const bytes of Object.values(keys)) bytes.fill(0)
    throw error
  }
}

function parseEntry(entry: string, position: number): [number, Uint8Array] {
  const [, digits, key, fingerprint] = ENTRY.exec(entry) ?? []
  if (digits === undefined || key === undefined) {
    const problem = isPlaceholder(entry) ? 'is a placeholder' : 'is not of the form <number>:<key>.<fingerprint>'
    throw refused(`entry ${position} of the keys ${problem}; make a key with "waxseal keygen"`)
  }
  const number = Number(digits)
  assertKeyNumber(number)
  if (isPlaceholder(key)) throw refused(`key ${number} is a placeholder; make one with "waxseal keygen"`)
  const bytes = decode(number, key)
  try {
    assertFingerprint(number, bytes, fingerprint)
    return [number, bytes]
  } catch (error) {
    bytes.fill(0)
    throw error
  }
}

function decode(number: number, key: string): Uint8Array {
  const bytes = Buffer.from(key, 'base64url')
  // Node ignores foreign characters, padding and unused bits: one key would have many spellings, some of them mistyped.
  const canonical = bytes.toString('base64url') === key
  if (canonical && bytes.length === KEY_BYTES) return bytes
  const found = canonical ? `${bytes.length} bytes` : `${key.length} characters that are not canonical base64url`
  bytes.fill(0)
  throw refused(
    `key ${number} must be ${KEY_BYTES} bytes in base64url without padding (${KEY_CHARACTERS} characters), found ${found}; ` +
      'make one with "waxseal keygen"',
  )
}

function assertFingerprint(number: number, bytes: Uint8Array, fingerprint: string | undefined): void {
  const guessable = whyGuessable(bytes)
  if (guessable) throw refused(`key ${number} ${guessable}; make one with "waxseal keygen"`)
  const expected = fingerprintOf(bytes)
  if (fingerprint === undefined) {
    throw refused(`key ${number} has no fingerprint; if this key is the right one, append ".${expected}" to it`)
  }
  if (fingerprint !== expected) {
    // What was found is not repeated: with a misplaced dot it is part of the key.
    throw refused(
      `key ${number} was mistyped: its fingerprint is ${expected}, another one is written after it; ` +
        'copy the whole line again from where it was made',
    )
  }
}

function refused(problem: string): ConfigurationError {
  return new ConfigurationError(`provider "local": ${problem}`)
}
