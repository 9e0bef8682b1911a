import { createHash, createPublicKey, type KeyObject } from 'node:crypto'
import { ConfigurationError } from '../../src/errors.js'

const FEWEST_BITS = 2_048
const MOST_BITS = 8_192

export interface RecoveryPublicKey {
  readonly key: KeyObject
  /** SHA-256 of the SubjectPublicKeyInfo in DER, in hexadecimal: names the key in every wrap. */
  readonly fingerprint: string
}

/** Reads the public half of a recovery key, in PEM. Throws `ConfigurationError` for anything else. */
export function parsePublicKey(pem: string): RecoveryPublicKey {
  // Node would take the public half out of it, and the private one would stay where it must never be.
  if (pem.includes('PRIVATE KEY')) {
    throw refused('found a private key; that half belongs on the offline machine: remove it from here')
  }
  return publicKeyOf(read(pem))
}

export function publicKeyOf(key: KeyObject): RecoveryPublicKey {
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0
  if (key.asymmetricKeyType !== 'rsa' || bits < FEWEST_BITS || bits > MOST_BITS) {
    throw refused(`expected an RSA key of ${FEWEST_BITS} to ${MOST_BITS} bits, found ${key.asymmetricKeyType} ${bits}`)
  }
  const spki = key.export({ type: 'spki', format: 'der' })
  return { key, fingerprint: createHash('sha256').update(spki).digest('hex') }
}

function read(pem: string): KeyObject {
  try {
    return createPublicKey(pem)
  } catch {
    throw refused('expected a public key in PEM (-----BEGIN PUBLIC KEY-----)')
  }
}

function refused(problem: string): ConfigurationError {
  return new ConfigurationError(`recipient "offline": ${problem}`)
}
