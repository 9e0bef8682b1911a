/** Pairs that a wrapped data key is bound to. They appear in audit trails: ids only, never a secret. */
export type EncryptionContext = Readonly<Record<string, string>>

/** How many bytes precede each part: an unsigned 32-bit big-endian length. */
const LENGTH_BYTES = 4
const NAME = /^[a-z0-9-]+$/

/**
 * The one byte string that stands for a context: the number of pairs, then each name and value with its length before
 * it, sorted by the bytes of the name. Must not change: the AAD of every stored field contains it.
 */
export function canonicalContext(context: EncryptionContext): Buffer {
  // Names are ASCII (checked below), so comparing UTF-16 code units compares their bytes.
  const names = Object.keys(context).sort()
  const parts: string[] = []
  let size = LENGTH_BYTES
  for (const name of names) {
    const value = context[name]
    if (!NAME.test(name)) throw new TypeError(`encryption context: a name must match ${NAME.source}`)
    if (typeof value !== 'string' || !value.isWellFormed()) {
      throw new TypeError(`encryption context: the value of "${name}" must be a string of well-formed Unicode`)
    }
    parts.push(name, value)
    size += 2 * LENGTH_BYTES + name.length + Buffer.byteLength(value)
  }
  const bytes = Buffer.allocUnsafe(size)
  let offset = bytes.writeUInt32BE(names.length, 0)
  for (const part of parts) {
    const length = bytes.write(part, offset + LENGTH_BYTES, 'utf8')
    bytes.writeUInt32BE(length, offset)
    offset += LENGTH_BYTES + length
  }
  return bytes
}
