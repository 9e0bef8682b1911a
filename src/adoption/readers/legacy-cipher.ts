import { createDecipheriv, type KeyObject } from 'node:crypto'

export const TAG_BYTES = 16
const BLOCK_BYTES = 16

export interface LegacyCiphertext {
  readonly iv: Uint8Array
  readonly ciphertext: Uint8Array
}

/** AES-256-GCM without additional data. Undefined for what was altered or belongs to another key. */
export function openGcm(
  key: KeyObject,
  { iv, ciphertext, tag }: LegacyCiphertext & { readonly tag: Uint8Array },
): Buffer | undefined {
  // Node takes shorter tags, which can be guessed, unless the length is fixed.
  if (tag.length !== TAG_BYTES || iv.length === 0) return undefined
  const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES })
  decipher.setAuthTag(tag)
  const plaintext = decipher.update(ciphertext)
  try {
    decipher.final()
    return plaintext
  } catch {
    plaintext.fill(0)
    return undefined
  }
}

/**
 * AES-256-CBC. Nothing authenticates it: what was altered gives other bytes, and another key is noticed by the padding in
 * all but one of 256 values.
 */
export function openCbc(key: KeyObject, { iv, ciphertext }: LegacyCiphertext): Buffer | undefined {
  if (iv.length !== BLOCK_BYTES || ciphertext.length === 0 || ciphertext.length % BLOCK_BYTES !== 0) return undefined
  const decipher = createDecipheriv('aes-256-cbc', key, iv)
  const start = decipher.update(ciphertext)
  try {
    const end = decipher.final()
    const plaintext = Buffer.concat([start, end])
    end.fill(0)
    return plaintext
  } catch {
    return undefined
  } finally {
    start.fill(0)
  }
}
