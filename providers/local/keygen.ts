import { randomFillSync } from 'node:crypto'
import { whyGuessable } from './guessable.js'
import { fingerprintOf, KEY_BYTES } from './key-material.js'
import { type ScryptCost } from './passphrase.js'
import { formatPassphraseKeyring, newPassphraseKey, parsePassphraseKeyring } from './passphrase-keyring.js'

/** A new key as text, `<key>.<fingerprint>`. A number and a colon before it make an entry of `keys`: `1:<key>.<fingerprint>`. */
export function generateLocalKey(): string {
  const bytes = randomFillSync(Buffer.alloc(KEY_BYTES))
  try {
    // Once in 2^45 keys chance looks like text; such a key would be refused at start.
    return whyGuessable(bytes) ? generateLocalKey() : `${bytes.toString('base64url')}.${fingerprintOf(bytes)}`
  } finally {
    bytes.fill(0)
  }
}

export interface PassphraseKeyringOptions {
  /** At least 16 characters, 8 of them different, on one line. */
  readonly passphrase: string
  /** The text of an existing keyring: its keys are kept and one is added, for a rotation. */
  readonly keyring?: string
  /** Default n = 2^17, r = 8, p = 1, which is also the least that is accepted. */
  readonly cost?: ScryptCost
}

/**
 * The text of a keyring file whose last key comes from `passphrase`: salt, scrypt cost and fingerprint of each key, no key
 * and no passphrase. It must not be lost: the passphrase alone does not give the keys.
 */
export async function createPassphraseKeyring(options: PassphraseKeyringOptions): Promise<string> {
  const existing = options.keyring === undefined ? [] : parsePassphraseKeyring(options.keyring)
  return formatPassphraseKeyring([...existing, await newPassphraseKey(options.passphrase, existing, options.cost)])
}
