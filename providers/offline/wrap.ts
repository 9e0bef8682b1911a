import { createHash, type KeyObject, timingSafeEqual } from 'node:crypto'
import { canonicalContext, type EncryptionContext } from '../../src/kms/context.js'
import { DATA_KEY_BYTES, DataKey } from '../../src/kms/data-key.js'
import { lengthPrefixed } from '../../src/kms/length-prefixed.js'
import type { KekRef } from '../../src/kms/provider.js'
import { decryptOaep, encryptOaep } from './rsa-oaep.js'

export const NAME = 'offline'
/** Of the layout below. Another layout gets another version, so that rows say how they are opened. */
const VERSION = '1'
/** Must not change: every wrap depends on it. */
const LABEL = 'waxseal offline wrap 1'

export function kekOf(fingerprint: string): KekRef {
  return { provider: NAME, id: fingerprint, version: VERSION }
}

/** RSA-OAEP-256 of the data key and, since RSA binds nothing, of a hash of what it belongs to. */
export function wrapFor(key: KeyObject, kek: KekRef, dataKey: DataKey, context: EncryptionContext): Buffer {
  const binding = bindingOf(kek, context)
  return dataKey.withBytes((bytes) => {
    const plaintext = Buffer.concat([bytes, binding])
    try {
      return encryptOaep(key, plaintext)
    } finally {
      plaintext.fill(0)
    }
  })
}

/** Undefined for what was altered or belongs elsewhere. */
export function openWrap(
  key: KeyObject,
  kek: KekRef,
  wrapped: Uint8Array,
  context: EncryptionContext,
): DataKey | undefined {
  const plaintext = decryptOaep(key, wrapped)
  const binding = bindingOf(kek, context)
  if (!plaintext) return undefined
  try {
    const isWhole = plaintext.length === DATA_KEY_BYTES + binding.length
    if (!isWhole || !timingSafeEqual(plaintext.subarray(DATA_KEY_BYTES), binding)) return undefined
    return DataKey.adopt(plaintext.subarray(0, DATA_KEY_BYTES))
  } finally {
    plaintext.fill(0)
  }
}

function bindingOf(kek: KekRef, context: EncryptionContext): Buffer {
  return createHash('sha256')
    .update(lengthPrefixed([LABEL, kek.id, kek.version, canonicalContext(context)]))
    .digest()
}
