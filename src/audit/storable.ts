import { createHash } from 'node:crypto'

/** A b-tree of Postgres refuses an entry of 2,704 bytes, and with it the batch; an entry may have two texts. */
const LONGEST_BYTES = 1_000
const KEPT_CHARACTERS = 250

/** Text as Postgres stores it: neither NUL nor half a character. */
export function storableText(text: string): string {
  return text.replaceAll('\0', '\ufffd').toWellFormed()
}

/**
 * Likewise, and as short as an index takes it, with a digest that keeps two such texts apart. Others may have written it, and one row
 * that is refused would keep back all others of its statement.
 */
export function indexable(text: string): string {
  if (Buffer.byteLength(text) <= LONGEST_BYTES) return storableText(text)
  return storableText(`${text.slice(0, KEPT_CHARACTERS)}… sha256:${createHash('sha256').update(text).digest('hex')}`)
}

/** For a column that may be empty. */
export function storable(text: string | undefined): string | null {
  return text === undefined ? null : indexable(text)
}

/** All texts in a value, names of members included, as `indexable` or `as` makes them. */
export function storableJson(value: unknown, as: (text: string) => string = indexable): string {
  // `JSON.stringify` escapes what no column takes, and no text is longer than all of them: most are stored as they are.
  const text = JSON.stringify(value)
  if (text !== undefined && !text.includes('\\u') && Buffer.byteLength(text) <= LONGEST_BYTES) return text
  return JSON.stringify(value, (_name, member: unknown) => {
    if (typeof member === 'string') return as(member)
    if (typeof member !== 'object' || member === null || Array.isArray(member)) return member
    return Object.fromEntries(Object.entries(member).map(([name, each]) => [as(name), each]))
  })
}

/** Cursors, proofs and rules: whole, since a part of one is another. */
export function wholeJson(value: unknown): string {
  return storableJson(value, storableText)
}
