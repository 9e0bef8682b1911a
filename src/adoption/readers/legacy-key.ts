import { createSecretKey, type KeyObject, pbkdf2Sync, scryptSync } from 'node:crypto'
import { ConfigurationError } from '../../errors.js'
import { readPrivateFileSync } from '../../kms/private-file.js'
import type { KdfSection, SecretPlace } from './reader-sections.js'

/**
 * Asked for at the first value and kept then: readers are declared beside entities, which are loaded where no key is
 * needed, and a key that is derived takes its time.
 */
export type LegacyKey = () => KeyObject

const KEY_BYTES = 32

export function hexKey(owner: string, place: SecretPlace): LegacyKey {
  return once(() => {
    const text = secretAt(owner, place).trim()
    if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, 'hex')
    throw new ConfigurationError(`${owner}: expected a key of ${KEY_BYTES} bytes in hex, found other text`)
  })
}

export function derivedKey(owner: string, place: SecretPlace, kdf: KdfSection): LegacyKey {
  return once(() => {
    const passphrase = secretAt(owner, place)
    if (kdf.name === 'pbkdf2') return pbkdf2Sync(passphrase, kdf.salt, kdf.iterations, KEY_BYTES, kdf.digest)
    const { cost = 16_384, blockSize = 8, parallelization = 1, salt } = kdf
    // What scrypt needs, and a little: Node refuses more than 32 MiB otherwise.
    const maxmem = 2 * 128 * cost * blockSize * parallelization
    return scryptSync(passphrase, salt, KEY_BYTES, { cost, blockSize, parallelization, maxmem })
  })
}

/** The text of a secret, without the line break at the end of a file. */
function secretAt(owner: string, place: SecretPlace): string {
  if ('file' in place) return readPrivateFileSync(owner, 'file', place.file).replace(/\r?\n$/, '')
  const secret = process.env[place.variable]
  if (secret) return secret
  throw new ConfigurationError(`${owner}: expected a secret in the variable ${place.variable}, found nothing; set it`)
}

function once(bytes: () => Buffer): LegacyKey {
  let key: KeyObject | undefined
  return () => {
    if (key) return key
    const made = bytes()
    key = createSecretKey(made)
    made.fill(0)
    return key
  }
}
