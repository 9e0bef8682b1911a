import { createHash } from 'node:crypto'
import { canonicalJson } from '../canonical-json.js'
import { type ColumnForm, type LeafKindName, leafKinds } from './leaf-kinds.js'
import { leafHash } from './merkle-hash.js'

export type RecordValue =
  | null
  | boolean
  | number
  | string
  | readonly RecordValue[]
  | { readonly [name: string]: RecordValue }

/** A row as it is hashed, exported and verified: one member for each column of its kind. */
export type CanonicalRecord = Readonly<Record<string, RecordValue>>

/** What a leaf is made of. */
export interface LeafContent {
  readonly kind: LeafKindName
  readonly id: string
  /** In UTC with microseconds, as in the record. */
  readonly time: string
  readonly digest: Uint8Array
}

export function digestOf(record: CanonicalRecord): Buffer {
  return createHash('sha256').update(canonicalJson(record)).digest()
}

export function leafOf({ kind, id, time, digest }: LeafContent): Buffer {
  return leafHash(Buffer.from(canonicalJson({ v: 1, kind, id, time, digest: Buffer.from(digest).toString('hex') })))
}

/** `undefined` where the record has other members than its kind, so that none is hashed which nobody looks at. */
export function leafContentOf(kind: LeafKindName, record: CanonicalRecord): LeafContent | undefined {
  const { id: idColumn, time: timeColumn, columns } = leafKinds[kind]
  const names = Object.keys(columns)
  const isComplete = Object.keys(record).length === names.length && names.every((name) => Object.hasOwn(record, name))
  const { [idColumn]: id, [timeColumn]: time } = record
  if (!isComplete || typeof id !== 'string' || typeof time !== 'string') return undefined
  return { kind, id, time, digest: digestOf(record) }
}

/** A column as Postgres shows it (see `record-columns.ts`) as it stands in the record. */
export function recordValue(form: ColumnForm, shown: string | null): RecordValue {
  if (shown === null) return null
  if (form === 'boolean') return shown === 'true'
  if (form === 'double') return String(Buffer.from(shown, 'hex').readDoubleBE())
  return form === 'json' && isPlain(shown.replace(STRINGS, '')) ? JSON.parse(shown) : shown
}

/** What would not come back as it is, or not at all, stands as text: whoever may insert must not be able to stop the log. */
function isPlain(json: string): boolean {
  let depth = 0
  for (const character of json) {
    if (character === '{' || character === '[') depth++
    if (character === '}' || character === ']') depth--
    if (depth > DEPTH) return false
  }
  return !ROUNDED.test(json)
}

const DEPTH = 32

/** RFC 8785 writes numbers as doubles: two that differ behind the fifteenth digit could be exchanged, and 1e400 is none. */
const ROUNDED = /\d(?:\.?\d){15}/
const STRINGS = /"(?:[^"\\]|\\.)*"/g
