import { createCipheriv, createDecipheriv, createSecretKey, randomBytes } from 'node:crypto'
import { type Case, synchronously } from '../harness/rounds.js'

/** The bytes of AAD that a hand-written envelope has. Ours has more. */
const RAW_AAD_BYTES = 58

/**
 * The floor: AES-256-GCM as `node:crypto` does it, with the key at hand as a `KeyObject` and nothing else. The IV is
 * always the same, as it must never be, because drawing one is not part of the floor.
 */
export function rawGcm(plaintext: Uint8Array): { encrypt: Case; decrypt: Case } {
  const key = createSecretKey(randomBytes(32))
  const iv = randomBytes(12)
  const aad = randomBytes(RAW_AAD_BYTES)
  const encrypt = () => {
    const cipher = createCipheriv('aes-256-gcm', key, iv)
    cipher.setAAD(aad)
    const ciphertext = cipher.update(plaintext)
    cipher.final()
    return { ciphertext, tag: cipher.getAuthTag() }
  }
  const { ciphertext, tag } = encrypt()
  const decrypt = () => {
    const decipher = createDecipheriv('aes-256-gcm', key, iv)
    decipher.setAAD(aad)
    decipher.setAuthTag(tag)
    const opened = decipher.update(ciphertext)
    decipher.final()
    return opened
  }
  return {
    encrypt: { name: 'raw encrypt', run: synchronously(encrypt) },
    decrypt: { name: 'raw decrypt', run: synchronously(decrypt) },
  }
}
