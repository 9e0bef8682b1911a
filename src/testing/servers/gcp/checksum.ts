import { GcpRefusal, INVALID_ARGUMENT } from './refusal.js'

/** CRC32C bit by bit: on purpose not as a client computes it, so that a mistake of the client's is not made twice. */
export function checksumOf(bytes: Uint8Array): number {
  let remainder = ~0
  for (const byte of bytes) {
    remainder ^= byte
    for (let bit = 0; bit < 8; bit++) remainder = remainder & 1 ? (remainder >>> 1) ^ 0x82f63b78 : remainder >>> 1
  }
  return ~remainder >>> 0
}

/** Whether the caller sent one. Throws when it does not fit what arrived. */
export function isVerified(field: string, bytes: Uint8Array, checksum: unknown): boolean {
  const sent = (checksum as { value?: unknown } | null)?.value
  if (sent === undefined) return false
  if (String(sent) === String(checksumOf(bytes))) return true
  throw new GcpRefusal(
    INVALID_ARGUMENT,
    `The checksum in field ${field}_crc32c did not match the data in field ${field}.`,
  )
}
