import type { LegacyReader, LegacyValue } from '../../postgres/field-adoption.js'
import { openCbc, openGcm, TAG_BYTES } from './legacy-cipher.js'
import type { LegacyKey } from './legacy-key.js'

export const TYPEORM_ENCRYPTED_ALGORITHMS = ['aes-256-gcm', 'aes-256-cbc'] as const

export interface TypeormEncryptedFormat {
  readonly algorithm: (typeof TYPEORM_ENCRYPTED_ALGORITHMS)[number]
  /** Bytes, as the library was told. */
  readonly ivLength: number
}

/** What the library of this name wrote: base64 of `iv ‖ tag ‖ ciphertext`, without a tag for CBC. Its JSON stands in an object. */
export function typeormEncryptedReader(key: LegacyKey, { algorithm, ivLength }: TypeormEncryptedFormat): LegacyReader {
  const isGcm = algorithm === 'aes-256-gcm'
  const head = isGcm ? ivLength + TAG_BYTES : ivLength
  return {
    name: 'typeorm-encrypted',
    columns: [],
    authenticates: isGcm,
    recognizes(stored) {
      const bytes = bytesOf(stored)
      // CBC always has a block more than the IV.
      return bytes !== undefined && (isGcm ? bytes.length >= head : bytes.length > head)
    },
    read(stored) {
      const bytes = bytesOf(stored)
      if (!bytes) return undefined
      const [iv, ciphertext] = [bytes.subarray(0, ivLength), bytes.subarray(head)]
      return isGcm
        ? openGcm(key(), { iv, tag: bytes.subarray(ivLength, head), ciphertext })
        : openCbc(key(), { iv, ciphertext })
    },
  }
}

/** Undefined for anything but base64 in the spelling that Node writes. */
function bytesOf(stored: LegacyValue): Buffer | undefined {
  if (typeof stored !== 'string') return undefined
  const text = stored.startsWith('{') ? encryptedMemberOf(stored) : stored
  const bytes = Buffer.from(text ?? '', 'base64')
  return bytes.length > 0 && bytes.toString('base64') === text ? bytes : undefined
}

/** Of `{ "encrypted": … }`, which its JSON transformer writes into `json` columns. */
function encryptedMemberOf(text: string): string | undefined {
  try {
    const { encrypted, ...others } = JSON.parse(text) as Readonly<Record<string, unknown>>
    return typeof encrypted === 'string' && Object.keys(others).length === 0 ? encrypted : undefined
  } catch {
    return undefined
  }
}
