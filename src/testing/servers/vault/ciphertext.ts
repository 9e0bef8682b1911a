import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import type { TransitKey } from './keys.js'
import { VaultRefusal } from './vault-refusal.js'

const CIPHER = 'aes-256-gcm'
const KEY_BYTES = 32
const IV_BYTES = 12
const TAG_BYTES = 16
const GCM = { authTagLength: TAG_BYTES }

/** Base64 in and out, as in requests. */
export function encryptUnder(key: TransitKey, plaintext: unknown, context: unknown): string {
  const iv = randomBytes(IV_BYTES)
  const version = key.latestVersion
  const cipher = createCipheriv(CIPHER, keyOf(key, version, context), iv, GCM)
  const bytes = Buffer.concat([iv, cipher.update(bytesOf(plaintext)), cipher.final(), cipher.getAuthTag()])
  return `vault:v${version}:${bytes.toString('base64')}`
}

export function decryptUnder(key: TransitKey, ciphertext: unknown, context: unknown): Buffer {
  if (typeof ciphertext !== 'string' || ciphertext === '') throw new VaultRefusal(400, 'missing ciphertext to decrypt')
  const [, version, base64] = /^vault:v(\d+):(.*)$/.exec(ciphertext) ?? []
  if (version === undefined) throw new VaultRefusal(400, 'invalid ciphertext: no prefix')
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64 as string)) {
    throw new VaultRefusal(400, 'invalid ciphertext: could not decode base64')
  }
  const bytes = Buffer.from(base64 as string, 'base64')
  const derived = keyOf(key, Number(version), context)
  if (bytes.length < IV_BYTES + TAG_BYTES) throw new VaultRefusal(400, 'invalid ciphertext length')
  const decipher = createDecipheriv(CIPHER, derived, bytes.subarray(0, IV_BYTES), GCM)
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES))
  try {
    return Buffer.concat([decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()])
  } catch {
    throw new VaultRefusal(400, 'cipher: message authentication failed')
  }
}

/** Without derivation the context is ignored, as Vault ignores it. */
function keyOf(key: TransitKey, version: number, context: unknown): Uint8Array {
  const own = key.versionOf(version)
  if (!key.derived) return own.export()
  const bytes = bytesOf(context)
  if (bytes.length === 0) throw new VaultRefusal(400, "missing 'context' for key derivation")
  return new Uint8Array(hkdfSync('sha256', own, '', bytes, KEY_BYTES))
}

function bytesOf(base64: unknown): Buffer {
  return Buffer.from(typeof base64 === 'string' ? base64 : '', 'base64')
}
