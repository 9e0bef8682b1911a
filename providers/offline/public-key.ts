import { createHash, createPublicKey, type KeyObject } from 'node:crypto'
import { ConfigurationError } from '../../src/errors.js'
import type { KekRef } from '../../src/kms/provider.js'
import type { RecoveryAlgorithm } from './algorithm.js'
import { algorithmOf } from './algorithms.js'

export const NAME = 'offline'

export interface RecoveryPublicKey {
  readonly key: KeyObject
  readonly algorithm: RecoveryAlgorithm
  /** SHA-256 of the SubjectPublicKeyInfo in DER, in hexadecimal: names the key in every wrap. */
  readonly fingerprint: string
  readonly kek: KekRef
}

/** Reads the public half of a recovery key, in PEM. Throws `ConfigurationError` for anything else. */
export function parsePublicKey(pem: string): RecoveryPublicKey {
  // Node would take the public half out of it, and the private one would stay where it must never be.
  if (pem.includes('PRIVATE KEY')) {
    throw refused('found a private key; that half belongs on the offline machine: remove it from here')
  }
  const base64 = /^\s*-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----\s*$/.exec(pem)?.[1]
  if (base64 === undefined) throw refused(EXPECTED)
  return publicKeyOf(read(Buffer.from(base64, 'base64')))
}

export function publicKeyOf(key: KeyObject): RecoveryPublicKey {
  const algorithm = algorithmOf(key)
  if (!algorithm) throw refused(`expected an RSA or an X25519 key, found ${key.asymmetricKeyType}`)
  const problem = algorithm.problemOf(key)
  if (problem) throw refused(problem)
  const fingerprint = createHash('sha256').update(spkiOf(key)).digest('hex')
  return { key, algorithm, fingerprint, kek: { provider: NAME, id: fingerprint, version: algorithm.version } }
}

const EXPECTED = 'expected one public key in PEM (-----BEGIN PUBLIC KEY-----) and nothing else'

function read(der: Buffer): KeyObject {
  let key: KeyObject
  try {
    key = createPublicKey({ key: der, format: 'der', type: 'spki' })
  } catch {
    throw refused(EXPECTED)
  }
  // OpenSSL reads over bytes behind the key, and takes other encodings of it: the fingerprint is of the one that is written.
  if (!spkiOf(key).equals(der)) throw refused('expected the one encoding of a public key in DER, found another')
  return key
}

function spkiOf(key: KeyObject): Buffer {
  return key.export({ type: 'spki', format: 'der' })
}

function refused(problem: string): ConfigurationError {
  return new ConfigurationError(`recipient "offline": ${problem}`)
}
