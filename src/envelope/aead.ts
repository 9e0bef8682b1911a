import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto'
import { DecryptionError } from '../errors.js'
import { IV_BYTES, TAG_BYTES } from './format.js'
import { writeRandom } from './random-pool.js'

const CIPHER = 'aes-256-gcm'
/** Without it Node takes tags of 4 bytes too. */
const OPTIONS = { authTagLength: TAG_BYTES }
/** Large fields go through OpenSSL in pieces that stay in the processor's cache on their way to the returned buffer. */
const CHUNK_BYTES = 128 * 1024

/** AES-256-GCM (NIST SP 800-38D) with a random 96-bit IV. Returns `iv ‖ ciphertext ‖ tag`. */
export function encrypt(key: KeyObject, aad: Uint8Array, plaintext: Uint8Array): Buffer {
  const out = Buffer.allocUnsafe(IV_BYTES + plaintext.length + TAG_BYTES)
  writeRandom(out, IV_BYTES)
  const cipher = createCipheriv(CIPHER, key, out.subarray(0, IV_BYTES), OPTIONS)
  cipher.setAAD(aad)
  for (let start = 0; start < plaintext.length; start += CHUNK_BYTES) {
    out.set(cipher.update(plaintext.subarray(start, start + CHUNK_BYTES)), IV_BYTES + start)
  }
  cipher.final()
  out.set(cipher.getAuthTag(), out.length - TAG_BYTES)
  return out
}

/**
 * Opens what `encrypt` made. Nothing of the plaintext leaves before the tag was verified; on a mismatch it is zeroed and
 * `DecryptionError` says no more than that.
 */
export function decrypt(key: KeyObject, aad: Uint8Array, stored: Uint8Array): Buffer {
  if (stored.length < IV_BYTES + TAG_BYTES) throw new DecryptionError()
  const tagStart = stored.length - TAG_BYTES
  const decipher = createDecipheriv(CIPHER, key, stored.subarray(0, IV_BYTES), OPTIONS)
  decipher.setAAD(aad)
  decipher.setAuthTag(stored.subarray(tagStart))
  // In one piece: what Node returns has memory of its own, outside the shared pool, and is all there is to zero.
  const plaintext = decipher.update(stored.subarray(IV_BYTES, tagStart))
  try {
    decipher.final()
  } catch {
    plaintext.fill(0)
    throw new DecryptionError()
  }
  return plaintext
}
