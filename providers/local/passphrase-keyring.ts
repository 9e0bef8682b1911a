import { randomBytes } from 'node:crypto'
import { ConfigurationError } from '../../src/errors.js'
import { assertKeyNumber, fingerprintOf } from './key-material.js'
import { assertCost, assertPassphrase, DEFAULT_COST, deriveKey, type ScryptCost } from './passphrase.js'

/** One key of a keyring file: all but the passphrase. */
export interface PassphraseKey {
  readonly number: number
  /** 16 random bytes in base64url. */
  readonly salt: string
  readonly scrypt: ScryptCost
  readonly fingerprint: string
}

const FORMAT = 1
const SALT_BYTES = 16
const SALT = /^[A-Za-z0-9_-]{22}$/
const FINGERPRINT = /^[0-9a-f]{16}$/
const MOST_KEYS = 32

/** A further key for the keyring, under the next number. */
export async function newPassphraseKey(
  passphrase: string,
  existing: readonly PassphraseKey[],
  cost: ScryptCost = DEFAULT_COST,
): Promise<PassphraseKey> {
  assertPassphrase(passphrase)
  assertCost(cost)
  const salt = randomBytes(SALT_BYTES)
  const bytes = await deriveKey(passphrase, salt, cost)
  const fingerprint = fingerprintOf(bytes)
  bytes.fill(0)
  const number = Math.max(0, ...existing.map((key) => key.number)) + 1
  return { number, salt: salt.toString('base64url'), scrypt: cost, fingerprint }
}

export function formatPassphraseKeyring(keys: readonly PassphraseKey[]): string {
  return `${JSON.stringify({ waxsealKeyring: FORMAT, keys }, null, 2)}\n`
}

/** Reads a keyring file; `ConfigurationError` for anything that `formatPassphraseKeyring` would not have written. */
export function parsePassphraseKeyring(text: string): PassphraseKey[] {
  const file = members(json(text), ['waxsealKeyring', 'keys'], 'it')
  if (file.waxsealKeyring !== FORMAT) throw invalid(`"waxsealKeyring" must be ${FORMAT}`)
  if (!Array.isArray(file.keys) || file.keys.length === 0 || file.keys.length > MOST_KEYS) {
    throw invalid(`"keys" must be a list of 1 to ${MOST_KEYS}`)
  }
  const keys = file.keys.map(parseKey)
  const numbers = new Set(keys.map((key) => key.number))
  if (numbers.size < keys.length) throw invalid('two keys have the same number')
  return keys
}

/**
 * Derives every key. `passphrases` holds one passphrase a line: after a change of passphrase the old one is needed for as
 * long as rows are wrapped under its keys. Each key takes the one that its fingerprint fits; one that fits none is refused.
 */
export async function unlockPassphraseKeyring(text: string, passphrases: string): Promise<Record<number, Uint8Array>> {
  const keys = parsePassphraseKeyring(text)
  const lines = passphrases.split(/\r?\n/).filter((line) => line !== '')
  if (lines.length === 0) throw new ConfigurationError('provider "local": the passphrase is empty')
  for (const line of lines) assertPassphrase(line)
  const unlocked: Record<number, Uint8Array> = {}
  for (const key of keys) unlocked[key.number] = await unlock(key, lines)
  return unlocked
}

async function unlock(key: PassphraseKey, passphrases: readonly string[]): Promise<Uint8Array> {
  const salt = Buffer.from(key.salt, 'base64url')
  for (const passphrase of passphrases) {
    const bytes = await deriveKey(passphrase, salt, key.scrypt)
    if (fingerprintOf(bytes) === key.fingerprint) return bytes
    bytes.fill(0)
  }
  throw new ConfigurationError(
    `provider "local": no passphrase gives key ${key.number} (fingerprint ${key.fingerprint}); ` +
      'check the passphrase, and put that of an older key on a line of its own',
  )
}

function parseKey(value: unknown): PassphraseKey {
  const key = members(value, ['number', 'salt', 'scrypt', 'fingerprint'], '"keys[]"')
  const { n, r, p } = members(key.scrypt, ['n', 'r', 'p'], '"keys[].scrypt"')
  const { number, salt, fingerprint } = key
  if (typeof salt !== 'string' || !SALT.test(salt)) throw invalid('"keys[].salt" must be 16 bytes in base64url')
  if (typeof fingerprint !== 'string' || !FINGERPRINT.test(fingerprint)) {
    throw invalid('"keys[].fingerprint" must be 16 hexadecimal digits')
  }
  assertKeyNumber(number as number)
  const scrypt = { n, r, p } as ScryptCost
  assertCost(scrypt)
  return { number: number as number, salt, scrypt, fingerprint }
}

function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // The parser's message repeats the text, which may be the passphrase file given by mistake.
    throw invalid('it is not JSON')
  }
}

function members(value: unknown, names: readonly string[], where: string): Readonly<Record<string, unknown>> {
  const found = typeof value === 'object' && value !== null ? Object.keys(value) : []
  if (found.length !== names.length || !names.every((name) => found.includes(name))) {
    throw invalid(`${where} must have exactly the members ${names.join(', ')}`)
  }
  return value as Record<string, unknown>
}

function invalid(problem: string): ConfigurationError {
  return new ConfigurationError(
    `provider "local": not a passphrase keyring: ${problem}; make one with "waxseal keygen --passphrase"`,
  )
}
