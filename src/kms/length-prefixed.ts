/** How many bytes precede each part: an unsigned 32-bit big-endian length. */
const LENGTH_BYTES = 4

/**
 * The parts in one buffer, each with its length before it, so that no two different lists of parts give the same bytes.
 * Leaves `before` and
 * `after` bytes free around them. Must not change: the AAD of every field and of every local wrap is made of it.
 */
export function lengthPrefixed(parts: readonly (string | Uint8Array)[], before = 0, after = 0): Buffer {
  let size = before + after
  for (const part of parts) size += LENGTH_BYTES + (typeof part === 'string' ? Buffer.byteLength(part) : part.length)
  const bytes = Buffer.allocUnsafe(size)
  let offset = before
  for (const part of parts) {
    const at = offset + LENGTH_BYTES
    let length = part.length
    if (typeof part === 'string') length = bytes.write(part, at)
    else bytes.set(part, at)
    bytes.writeUInt32BE(length, offset)
    offset = at + length
  }
  return bytes
}
