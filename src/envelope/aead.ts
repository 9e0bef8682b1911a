import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto'
import { DecryptionError } from '../errors.js'
import { IV_BYTES, TAG_BYTES } from './format.js'
import { writeIv } from './random-pool.js'

const CIPHER = 'aes-256-gcm'
/** Without it Node takes tags of 4 bytes too. */
const OPTIONS = { authTagLength: TAG_BYTES }
/** Large fields go through OpenSSL in pieces, straight into the one buffer that is returned. */
const CHUNK_BYTES = 64 * 1024

/** AES-256-GCM (NIST SP 800-38D) with a random 96-bit IV. Returns `iv ‖ ciphertext ‖ tag`. */
export function encrypt(key: KeyObject, aad: Uint8Array, plaintext: Uint8Array): Buffer {
  const out = Buffer.allocUnsafe(IV_BYTES + plaintext.length + TAG_BYTES)
  writeIv(out)
  const cipher = createCipheriv(CIPHER, key, out.subarray(0, IV_BYTES), OPTIONS)
  cipher.setAAD(aad)
  let end = IV_BYTES
  for (let start = 0; start < plaintext.length; start += CHUNK_BYTES) {
    end += cipher.update(plaintext.subarray(start, start + CHUNK_BYTES)).copy(out, end)
  }
  cipher.final()
  cipher.getAuthTag().copy(out, end)
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
  // Not from Node's shared pool: the plaintext would linger there beside other people's buffers.
  const plaintext = Buffer.allocUnsafeSlow(tagStart - IV_BYTES)
  let end = 0
  for (let start = IV_BYTES; start < tagStart; start += CHUNK_BYTES) {
    const piece = decipher.update(stored.subarray(start, Math.min(start + CHUNK_BYTES, tagStart)))
    end += piece.copy(plaintext, end)
    piece.fill(0)
  }
  try {
    decipher.final()
  } catch {
    plaintext.fill(0)
    throw new DecryptionError()
  }
  return plaintext
}
