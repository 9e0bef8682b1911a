import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { derOf } from '../../kms/ecdsa-signature.js'
import { signDigest } from './es256.js'

/** A key pair of a test KMS: Ed25519, or ECDSA of P-256 with SHA-256. */
export class SigningPair {
  readonly publicKey: KeyObject
  readonly isEd25519: boolean
  readonly #privateKey: KeyObject

  constructor(kind: 'ed25519' | 'p256') {
    this.isEd25519 = kind === 'ed25519'
    const pair = this.isEd25519 ? generateKeyPairSync('ed25519') : generateKeyPairSync('ec', { namedCurve: 'P-256' })
    this.publicKey = pair.publicKey
    this.#privateKey = pair.privateKey
  }

  /** ECDSA in DER. */
  sign(message: Uint8Array): Buffer {
    return sign(this.isEd25519 ? null : 'sha256', message, this.#privateKey)
  }

  signDigest(digest: Uint8Array): Buffer {
    return derOf(signDigest(this.#privateKey, digest))
  }
}
