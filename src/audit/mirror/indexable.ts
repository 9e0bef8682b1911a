import { createHash } from 'node:crypto'
import { storableJson, storableText } from '../storable.js'

/** A b-tree of Postgres refuses an entry of 2,704 bytes, and with it the batch. */
const LONGEST_INDEXED_BYTES = 1_000
const KEPT_CHARACTERS = 250

/** A text for a column with an index. What is too long is cut, with a digest that keeps two such texts apart. */
export function indexable(text: string): string {
  if (Buffer.byteLength(text) <= LONGEST_INDEXED_BYTES) return storableText(text)
  return storableText(`${text.slice(0, KEPT_CHARACTERS)}… sha256:${createHash('sha256').update(text).digest('hex')}`)
}

/** Cursors, contexts and proofs: whole, since a part of one is another. */
export function wholeJson(value: unknown): string {
  return storableJson(value, storableText)
}
