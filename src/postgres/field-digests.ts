import { type FieldColumn, type ProtectedTable, qualifiedName, quoteIdentifier } from './protected-table.js'
import type { Queryable } from './queryable.js'
import type { StoredRow } from './stored-row.js'
import { joinOnKeys, keyArrays } from './swap-metadata.js'

/**
 * SHA-256 of each field column of a row, in the order of the fields and with a blank between; `-` for null. Of the rows that are
 * there. With `lock`, they are locked until the end of the transaction, and digested as they are then.
 */
export async function fieldDigests(
  client: Queryable,
  table: ProtectedTable,
  rows: readonly StoredRow[],
  lock = false,
): Promise<Map<StoredRow, string>> {
  if (rows.length === 0) return new Map()
  // One text and not an array, by the place and not by the key: both are much less to parse.
  const text = `SELECT wanted.place::int4 AS place, concat_ws(' ', ${table.fields.map(digest).join(', ')}) AS digests
    FROM ${qualifiedName(table)} AS stored ${joinOnKeys(table)} ${lock ? 'FOR UPDATE OF stored' : ''}`
  const { rows: found } = await client.query(text, keyArrays(table, rows))
  return new Map(found.map(({ place, digests }) => [rows[(place as number) - 1]!, digests as string]))
}

function digest({ column, type }: FieldColumn): string {
  const name = `stored.${quoteIdentifier(column)}`
  return `coalesce(encode(sha256(${type === 'text' ? `convert_to(${name}, 'UTF8')` : name}), 'base64'), '-')`
}
