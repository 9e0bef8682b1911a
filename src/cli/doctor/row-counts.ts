import { FORMAT, IV_BYTES, TAG_BYTES } from '../../envelope/format.js'
import { B64_OF_32_BYTES, B64_OF_ANY_BYTES, isOfFormat1 } from '../../postgres/guard-shapes.js'
import {
  type FieldColumn,
  type ProtectedTable,
  type Queryable,
  qualifiedName,
  quoteIdentifier,
} from '../../postgres/index.js'

export interface FieldCounts {
  /** No known form: what nothing ever encrypted. */
  readonly plaintext: number
  /** `iv:tag:ciphertext` in hex or base64, as many applications wrote before. */
  readonly legacy: number
  /** Begins as ours and is not well-formed. */
  readonly undecodable: number
  /** Well-formed, under another data key than the metadata of its row, or without any. */
  readonly foreign: number
}

export interface RowCounts {
  readonly rows: number
  readonly wrapped: number
  readonly shredded: number
  /** Without an envelope. */
  readonly empty: number
  readonly undecodable: number
  readonly fields: readonly { readonly column: string; readonly counts: FieldCounts }[]
}

/** One scan of the table. Counts in the database: no value leaves it. */
export async function countRows(client: Queryable, table: ProtectedTable): Promise<RowCounts> {
  const { rows } = await client.query(countRowsSql(table))
  const count = (name: string) => Number(rows[0]?.[name])
  return {
    rows: count('rows'),
    wrapped: count('wrapped'),
    shredded: count('shredded'),
    empty: count('empty'),
    undecodable: count('undecodable'),
    fields: table.fields.map(({ column }, index) => {
      const of = (name: keyof FieldCounts) => count(`${name}${index}`)
      const counts = {
        plaintext: of('plaintext'),
        legacy: of('legacy'),
        undecodable: of('undecodable'),
        foreign: of('foreign'),
      }
      return { column, counts }
    }),
  }
}

function countRowsSql(table: ProtectedTable): string {
  const metadata = `stored.${quoteIdentifier(table.metadata)}`
  const isValid = `(${isOfFormat1(metadata)}) IS TRUE`
  const has = (member: string) => `${metadata} -> '${member}' IS NOT NULL`
  const columns = [
    'count(*) AS rows',
    `count(*) FILTER (WHERE ${metadata} = '{}') AS empty`,
    `count(*) FILTER (WHERE ${isValid} AND ${has('wraps')}) AS wrapped`,
    `count(*) FILTER (WHERE ${isValid} AND ${has('shredded')}) AS shredded`,
    `count(*) FILTER (WHERE NOT ${isValid}) AS undecodable`,
    ...table.fields.flatMap((field, index) => {
      const { isOurs, isWellFormed, isLegacy, isSet, commitment } = expressions(field)
      const conditions = {
        plaintext: `${isSet} AND NOT ${isOurs} AND NOT ${isLegacy}`,
        legacy: `${isSet} AND NOT ${isOurs} AND ${isLegacy}`,
        undecodable: `${isOurs} AND NOT ${isWellFormed}`,
        foreign: `${isWellFormed} AND ${commitment} IS DISTINCT FROM ${metadata} ->> 'commitment'`,
      }
      return Object.entries(conditions).map(([name, where]) => `count(*) FILTER (WHERE ${where}) AS ${name}${index}`)
    }),
  ]
  return `SELECT ${columns.join(',\n  ')}\nFROM ${qualifiedName(table)} AS stored`
}

/** Of the 28 bytes that the shortest ciphertext has: in base64url, and behind format and commitment. */
const SHORTEST = { text: Math.ceil(((IV_BYTES + TAG_BYTES) * 4) / 3), bytea: 1 + 32 + IV_BYTES + TAG_BYTES }
const HEX = '^[0-9a-fA-F]{24,32}:[0-9a-fA-F]{32}:[0-9a-fA-F]*$'
const BASE64 = '^[A-Za-z0-9+/]{16,22}={0,2}:[A-Za-z0-9+/]{22}==:[A-Za-z0-9+/]*={0,2}$'

function expressions({ column, type }: FieldColumn) {
  const stored = `stored.${quoteIdentifier(column)}`
  // Bytes as text for the comparison with what is text; never fails, unlike a conversion.
  const text = type === 'text' ? `${stored}::text COLLATE "C"` : `encode(${stored}, 'escape')`
  const common = { isSet: `${stored} IS NOT NULL`, isLegacy: `(${text} ~ '${HEX}' OR ${text} ~ '${BASE64}')` }
  if (type === 'text') {
    return {
      ...common,
      isOurs: `${text} ~ '^ws[0-9]+:'`,
      isWellFormed: `(${text} ~ '^ws${FORMAT}:' AND octet_length(${text}) >= ${48 + SHORTEST.text} AND substr(${text}, 48, 1) = ':'
        AND substr(${text}, 5, 43) ~ '^${B64_OF_32_BYTES}$' AND substr(${text}, 49) ~ '^${B64_OF_ANY_BYTES}$')`,
      commitment: `substr(${text}, 5, 43)`,
    }
  }
  const isOurs = `substring(${stored} FROM 1 FOR 1) = decode('0${FORMAT}', 'hex')`
  return {
    ...common,
    isOurs,
    isWellFormed: `(${isOurs} AND octet_length(${stored}) >= ${SHORTEST.bytea})`,
    commitment: `translate(encode(substring(${stored} FROM 2 FOR 32), 'base64'), '+/=', '-_')`,
  }
}
