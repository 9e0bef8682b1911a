import { createHash } from 'node:crypto'

/** A b-tree of Postgres refuses an entry of 2,704 bytes, and with it the batch. */
const LONGEST_INDEXED_BYTES = 1_000
const KEPT_CHARACTERS = 250

/**
 * A text as Postgres takes it. Callers of a KMS choose some of what its trail shows, and neither U+0000 nor half a surrogate
 * pair may keep the events behind it from being mirrored. What was written stands in `raw`.
 */
export function storable(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\uFFFD')
}

/** As `storable`, of a column with an index. What is too long is cut, with a digest that keeps two such texts apart. */
export function indexable(text: string): string {
  if (Buffer.byteLength(text) <= LONGEST_INDEXED_BYTES) return storable(text)
  return storable(`${text.slice(0, KEPT_CHARACTERS)}… sha256:${createHash('sha256').update(text).digest('hex')}`)
}

/** Names and values of an encryption context, or whatever else is stored as JSON. */
export function storableJson(value: unknown): string {
  return JSON.stringify(value, (_, member) => {
    if (typeof member === 'string') return storable(member)
    if (typeof member !== 'object' || member === null || Array.isArray(member)) return member
    return Object.fromEntries(Object.entries(member).map(([name, each]) => [storable(name), each]))
  })
}
