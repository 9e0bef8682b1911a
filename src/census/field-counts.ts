import { FORMAT, IV_BYTES, TAG_BYTES } from '../envelope/format.js'
import { B64_OF_32_BYTES, B64_OF_ANY_BYTES } from '../postgres/guard-shapes.js'
import { type FieldColumn, quoteIdentifier } from '../postgres/protected-table.js'

/** How many rows hold in one column what is no ciphertext of their envelope. */
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

/** The condition of each count, over an alias `stored`. `metadata` is an expression. */
export function fieldConditions(field: FieldColumn, metadata: string): Record<keyof FieldCounts, string> {
  const { isOurs, isWellFormed, isLegacy, isSet, commitment } = expressions(field)
  return {
    plaintext: `${isSet} AND NOT ${isOurs} AND NOT ${isLegacy}`,
    legacy: `${isSet} AND NOT ${isOurs} AND ${isLegacy}`,
    undecodable: `${isOurs} AND NOT ${isWellFormed}`,
    foreign: `${isWellFormed} AND ${commitment} IS DISTINCT FROM ${metadata} ->> 'commitment'`,
  }
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
