import { type FieldColumn, type ProtectedTable, qualifiedName, quoteIdentifier } from './protected-table.js'
import type { Queryable } from './queryable.js'
import { type StoredRow, storedRowColumns, storedRowOf } from './stored-row.js'
import { joinOnKeys, keyArrays, keyOf } from './swap-metadata.js'

/** SHA-256 of each field column of a row, in the order of the fields; null for null. */
export type FieldDigests = readonly (string | null)[]

/** By `keyOf` of the row. With `lock`, the rows are locked until the end of the transaction, and digested as they are then. */
export async function fieldDigests(
  client: Queryable,
  table: ProtectedTable,
  rows: readonly StoredRow[],
  lock = false,
): Promise<Map<string, FieldDigests>> {
  if (rows.length === 0) return new Map()
  const digests = table.fields.map(digest)
  const text = `SELECT ${storedRowColumns(table)}, ARRAY[${digests.join(', ')}]::text[] AS digests
    FROM ${qualifiedName(table)} AS stored ${joinOnKeys(table)} ${lock ? 'FOR UPDATE OF stored' : ''}`
  const { rows: found } = await client.query(text, keyArrays(table, rows))
  return new Map(found.map((row) => [keyOf(storedRowOf(table, row)), row.digests as FieldDigests]))
}

function digest({ column, type }: FieldColumn): string {
  const name = `stored.${quoteIdentifier(column)}`
  return `encode(sha256(${type === 'text' ? `convert_to(${name}, 'UTF8')` : name}), 'base64')`
}
