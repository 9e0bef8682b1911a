import { lengthPrefixed } from './length-prefixed.js'

/** Pairs that a wrapped data key is bound to. They appear in audit trails: ids only, never a secret. */
export type EncryptionContext = Readonly<Record<string, string>>

/** The number of pairs, before all of them: an unsigned 32-bit big-endian integer. */
const COUNT_BYTES = 4
const NAME = /^[a-z0-9-]+$/

/**
 * The one byte string that stands for a context: the number of pairs, then each name and value with its length before
 * it, sorted by the bytes of the name. Must not change: the AAD of every stored field contains it.
 */
export function canonicalContext(context: EncryptionContext): Buffer {
  const names = sorted(Object.keys(context))
  const parts: string[] = []
  for (const name of names) {
    const value = context[name]
    if (!NAME.test(name)) throw new TypeError(`encryption context: a name must match ${NAME.source}`)
    if (typeof value !== 'string' || !value.isWellFormed()) {
      throw new TypeError(`encryption context: the value of "${name}" must be a string of well-formed Unicode`)
    }
    parts.push(name, value)
  }
  const bytes = lengthPrefixed(parts, COUNT_BYTES)
  bytes.writeUInt32BE(names.length)
  return bytes
}

/** Names are ASCII (checked above), so comparing UTF-16 code units compares their bytes. */
function sorted(names: string[]): string[] {
  // Ours are, nearly always; to sort them again would cost more than all else here.
  return names.every((name, index) => index === 0 || (names[index - 1] as string) < name) ? names : names.sort()
}
