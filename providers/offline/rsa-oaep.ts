import { constants, type KeyObject, privateDecrypt, publicEncrypt } from 'node:crypto'

/** RSA-OAEP-256 of RFC 7518: SHA-256, MGF1 with SHA-256, no label. */
const RSA_OAEP_256 = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' } as const

export function encryptOaep(publicKey: KeyObject, plaintext: Uint8Array): Buffer {
  return publicEncrypt({ key: publicKey, ...RSA_OAEP_256 }, plaintext)
}

/** Undefined for whatever does not open, and for no other reason: which check failed would help a forger. */
export function decryptOaep(privateKey: KeyObject, ciphertext: Uint8Array): Buffer | undefined {
  try {
    return privateDecrypt({ key: privateKey, ...RSA_OAEP_256 }, ciphertext)
  } catch {
    return undefined
  }
}
