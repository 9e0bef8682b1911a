import { COMMITMENT_BYTES, FORMAT, IV_BYTES, MAX_FIELD_BYTES, TAG_BYTES } from '../envelope/format.js'
import { B64_OF_32_BYTES, B64_OF_ANY_BYTES, isOfFormat1 } from './guard-shapes.js'
import { type BoundColumn, type FieldColumn, type ProtectedTable, quoteIdentifier } from './protected-table.js'

export type GuardCode = 'WX001' | 'WX002' | 'WX003' | 'WX004' | 'WX005' | 'WX006'
export type GuardEvent = 'insert' | 'update'

export interface GuardRule {
  readonly code: GuardCode
  readonly event: GuardEvent
  /** What is refused, over `NEW` and, on update, `OLD`. No cast in it can fail: the error would print the value. */
  readonly refused: string
}

/**
 * The rules of format 1 for one table. Text is compared in collation "C": under a nondeterministic one, a ciphertext with
 * other capitals would count as unchanged, and a regular expression would not run at all.
 */
export function guardRules(table: ProtectedTable): readonly GuardRule[] {
  const { fields } = table
  const metadata = quoteIdentifier(table.metadata)
  const [old, now] = [`OLD.${metadata}`, `NEW.${metadata}`]
  const both = (member: string) => `${now} -> '${member}' = ${old} -> '${member}'`
  const has = (row: string, member: string) => `${row} -> '${member}' IS NOT NULL`

  const malformed = (field: FieldColumn) => `(${wellFormed(field)}) IS NOT TRUE`
  const foreign = fields.map(
    (field) => `(${notNull(field)} AND ${commitment(field)} IS DISTINCT FROM ${now} ->> 'commitment')`,
  )
  const bound = [...table.row, ...table.context]
  const noShape = `(${isOfFormat1(now)}) IS NOT TRUE`
  const wrapRose = `${now} -> 'wrap' > ${old} -> 'wrap'`

  return [
    {
      code: 'WX001',
      event: 'insert',
      refused: any(fields.map((field) => `(${notNull(field)} AND ${malformed(field)})`)),
    },
    // First whether it changed: matching costs far more than comparing, and most updates change no field.
    {
      code: 'WX001',
      event: 'update',
      refused: any(fields.map((field) => `(${setAnew(field)} AND ${malformed(field)})`)),
    },
    { code: 'WX002', event: 'insert', refused: any(foreign) },
    {
      code: 'WX002',
      event: 'update',
      refused: any([...foreign, `(${has(now, 'shredded')} AND ${any(fields.map(setAnew))})`]),
    },
    { code: 'WX003', event: 'update', refused: all([has(now, 'wraps'), both('id'), any(bound.map(changed))]) },
    {
      code: 'WX004',
      event: 'update',
      refused: all([
        `${now} IS DISTINCT FROM ${old}`,
        any([both('id'), both('commitment')]),
        `(${all([both('id'), both('commitment'), has(old, 'wraps'), any([wrapRose, has(now, 'shredded')])])}) IS NOT TRUE`,
      ]),
    },
    { code: 'WX005', event: 'insert', refused: noShape },
    { code: 'WX005', event: 'update', refused: all([`${now} IS DISTINCT FROM ${old}`, noShape]) },
  ]
}

export const any = (conditions: readonly string[]) => `(${conditions.length === 0 ? false : conditions.join(' OR ')})`
export const all = (conditions: readonly string[]) => conditions.join(' AND ')

const PREFIX = `ws${FORMAT}:`
const COMMITMENT_CHARACTERS = 43
const base64Length = (bytes: number) => Math.ceil((bytes * 4) / 3)

const PAYLOAD = IV_BYTES + TAG_BYTES
const TEXT_HEAD = PREFIX.length + COMMITMENT_CHARACTERS + 1
const BYTES_HEAD = 1 + COMMITMENT_BYTES

/** `::text` for `varchar`, which has no operators of its own. */
export const text = (column: string) => `${column}::text COLLATE "C"`

function value(field: { readonly column: string; readonly type: string }, row: 'NEW' | 'OLD'): string {
  const column = `${row}.${quoteIdentifier(field.column)}`
  return field.type === 'text' ? text(column) : column
}

export const notNull = (field: FieldColumn) => `NEW.${quoteIdentifier(field.column)} IS NOT NULL`
export const changed = (column: BoundColumn | FieldColumn) =>
  `${value(column, 'NEW')} IS DISTINCT FROM ${value(column, 'OLD')}`
export const setAnew = (field: FieldColumn) => `(${notNull(field)} AND ${changed(field)})`

export function wellFormed(field: FieldColumn): string {
  const stored = value(field, 'NEW')
  const length = (head: number, size: (bytes: number) => number) =>
    `octet_length(${stored}) BETWEEN ${head + size(PAYLOAD)} AND ${head + size(PAYLOAD + MAX_FIELD_BYTES)}`
  // The length first: it bounds what the regular expression, which needs four bytes a character, is given.
  return field.type === 'text'
    ? `${length(TEXT_HEAD, base64Length)} AND substr(${stored}, ${TEXT_HEAD}, 1) = ':'
      AND ${stored} ~ '^${PREFIX}${B64_OF_32_BYTES}:${B64_OF_ANY_BYTES}$'`
    : `${length(BYTES_HEAD, (bytes) => bytes)} AND substring(${stored} FROM 1 FOR 1) = decode('0${FORMAT}', 'hex')`
}

/** The commitment that stands in a field, as the metadata spells it. Never fails, whatever the field holds. */
function commitment(field: FieldColumn): string {
  const stored = value(field, 'NEW')
  return field.type === 'text'
    ? `substr(${stored}, ${PREFIX.length + 1}, ${COMMITMENT_CHARACTERS})`
    : `translate(encode(substring(${stored} FROM 2 FOR ${COMMITMENT_BYTES}), 'base64'), '+/=', '-_')`
}
