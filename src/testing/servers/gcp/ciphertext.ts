import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { assertEnabled, ID_BYTES, type TestCryptoKey, type TestVersion } from './keys.js'
import { GcpRefusal, INVALID_ARGUMENT } from './refusal.js'

const CIPHER = 'aes-256-gcm'
const GCM = { authTagLength: 16 }
const NUMBER_BYTES = 4
const HEADER_BYTES = ID_BYTES + NUMBER_BYTES
const IV_BYTES = 12

/** Key id ‖ number of the version ‖ IV ‖ ciphertext ‖ tag. */
export function encryptUnder(key: TestCryptoKey, version: TestVersion, plaintext: Uint8Array, aad: Uint8Array): Buffer {
  const number = Buffer.alloc(NUMBER_BYTES)
  number.writeUInt32BE(version.number)
  const header = Buffer.concat([key.id, number])
  const iv = randomBytes(IV_BYTES)
  const cipher = createCipheriv(CIPHER, version.key, iv, GCM).setAAD(Buffer.concat([header, aad]))
  return Buffer.concat([header, iv, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
}

/** Finds the version by the ciphertext. */
export function decryptUnder(
  key: TestCryptoKey,
  ciphertext: Buffer,
  aad: Uint8Array,
  now: Date,
): { readonly plaintext: Buffer; readonly version: TestVersion } {
  if (ciphertext.length < HEADER_BYTES + IV_BYTES + GCM.authTagLength) throw notOpened()
  const header = ciphertext.subarray(0, HEADER_BYTES)
  const version = key.versions.find(({ number }) => number === header.readUInt32BE(ID_BYTES))
  if (!version || !header.subarray(0, ID_BYTES).equals(key.id)) throw notOpened()
  assertEnabled(key, version, now)
  const start = HEADER_BYTES + IV_BYTES
  const decipher = createDecipheriv(CIPHER, version.key, ciphertext.subarray(HEADER_BYTES, start), GCM)
  decipher.setAAD(Buffer.concat([header, aad])).setAuthTag(ciphertext.subarray(-GCM.authTagLength))
  try {
    const plaintext = [decipher.update(ciphertext.subarray(start, -GCM.authTagLength)), decipher.final()]
    return { plaintext: Buffer.concat(plaintext), version }
  } catch {
    throw notOpened()
  }
}

function notOpened(): GcpRefusal {
  const message = "Decryption failed: verify that 'name' refers to the correct CryptoKey."
  return new GcpRefusal(INVALID_ARGUMENT, message)
}
