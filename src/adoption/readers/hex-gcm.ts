import type { LegacyReader, LegacyValue } from '../../postgres/field-adoption.js'
import { openGcm } from './legacy-cipher.js'
import type { LegacyKey } from './legacy-key.js'

/** An IV of 12 or 16 bytes, a tag of 16, and any ciphertext. */
const SHAPE = /^((?:[0-9a-f]{2}){12}(?:[0-9a-f]{8})?):([0-9a-f]{32}):((?:[0-9a-f]{2})*)$/i

/** `iv:authTag:ciphertext` in hex under one key, AES-256-GCM: what many services wrote for themselves. */
export function hexGcmReader(key: LegacyKey): LegacyReader {
  return {
    name: 'hex-gcm',
    columns: [],
    authenticates: true,
    recognizes: (stored) => partsOf(stored) !== undefined,
    read(stored) {
      const parts = partsOf(stored)
      return parts && openGcm(key(), parts)
    },
  }
}

function partsOf(stored: LegacyValue) {
  const parts = typeof stored === 'string' ? SHAPE.exec(stored) : null
  if (!parts) return undefined
  const [iv, tag, ciphertext] = parts.slice(1).map((part) => Buffer.from(part, 'hex')) as [Buffer, Buffer, Buffer]
  return { iv, tag, ciphertext }
}
