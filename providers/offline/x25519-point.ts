import { createPublicKey, diffieHellman, generateKeyPairSync, type KeyObject } from 'node:crypto'

export const POINT_BYTES = 32
/** Of a SubjectPublicKeyInfo (RFC 8410), up to the point. */
const SPKI = Buffer.from('302a300506032b656e032100', 'hex')

export function rawPublicKey(key: KeyObject): Buffer {
  return key.export({ type: 'spki', format: 'der' }).subarray(SPKI.length)
}

export function publicKeyOfPoint(point: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.concat([SPKI, point]), format: 'der', type: 'spki' })
}

/**
 * Undefined for the all-zero secret that RFC 7748 and RFC 9180 have refused: a point of low order gives it, whatever the
 * private key is. OpenSSL refuses it itself, by an error.
 */
export function sharedSecret(privateKey: KeyObject, publicKey: KeyObject): Buffer | undefined {
  try {
    return diffieHellman({ privateKey, publicKey })
  } catch {
    return undefined
  }
}

export function isOfLowOrder(publicKey: KeyObject): boolean {
  const secret = sharedSecret(generateKeyPairSync('x25519').privateKey, publicKey)
  secret?.fill(0)
  return secret === undefined
}
