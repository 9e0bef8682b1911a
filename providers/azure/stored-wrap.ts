import { lengthPrefixed } from '../../src/kms/length-prefixed.js'
import { isKeyVersion } from './key-names.js'

const LAYOUT = 1
const LENGTH_BYTES = 4
/** Of RSA keys of 2048, 3072 and 4096 bits. */
const WRAPPED_BYTES: readonly number[] = [256, 384, 512]
export const SIGNATURE_BYTES = 64

export interface WrapSignature {
  /** Version of the signing key. */
  readonly version: string
  readonly bytes: Uint8Array
}

export interface StoredWrap {
  readonly wrapped: Uint8Array
  readonly signature?: WrapSignature
}

/** Must not change: rows hold it. `0x01`, then signing version, signature and wrapped bytes, each with its length before it. */
export function formatStoredWrap({ wrapped, signature }: StoredWrap): Buffer {
  const bytes = lengthPrefixed([signature?.version ?? '', signature?.bytes ?? '', wrapped], 1)
  bytes[0] = LAYOUT
  return bytes
}

/** Undefined for what is not exactly one. */
export function parseStoredWrap(stored: Uint8Array): StoredWrap | undefined {
  const bytes = Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength)
  if (bytes[0] !== LAYOUT) return undefined
  const parts: Buffer[] = []
  let offset = 1
  while (offset < bytes.length) {
    const start = offset + LENGTH_BYTES
    if (parts.length === 3 || start > bytes.length) return undefined
    offset = start + bytes.readUInt32BE(offset)
    parts.push(bytes.subarray(start, offset))
  }
  const [version, signature, wrapped] = parts
  if (!version || !signature || !wrapped || offset !== bytes.length) return undefined
  if (!WRAPPED_BYTES.includes(wrapped.length)) return undefined
  if (version.length === 0 && signature.length === 0) return { wrapped }
  const text = version.toString('latin1')
  if (!isKeyVersion(text) || signature.length !== SIGNATURE_BYTES) return undefined
  return { wrapped, signature: { version: text, bytes: signature } }
}
