import { inKeyOrder } from './in-key-order.js'
import { type FieldColumn, type ProtectedTable, qualifiedName, quoteIdentifier } from './protected-table.js'
import type { Queryable } from './queryable.js'
import { type StoredRow, storedRowColumns, storedRowOf } from './stored-row.js'
import { joinOnKeys, keyArrays } from './swap-metadata.js'

export interface StoredCredential extends StoredRow {
  /** What is stored, in the order of the table's fields: `ws1:…`, or the bytes as Postgres prints them in hexadecimal. */
  readonly fields: readonly (string | null)[]
}

/** As `readEnvelopes`, with the fields: for what opens whole tables. */
export function readCredentials(
  client: Queryable,
  table: ProtectedTable,
  batchSize: number,
): AsyncGenerator<readonly StoredCredential[], void, undefined> {
  const rowOf = (result: Readonly<Record<string, unknown>>) => storedCredentialOf(table, result)
  return inKeyOrder(client, table, storedCredentialColumns(table), rowOf, { batchSize, after: undefined })
}

/** These rows with their fields, as they are now. */
export async function readFields(
  client: Queryable,
  table: ProtectedTable,
  rows: readonly StoredRow[],
): Promise<StoredCredential[]> {
  if (rows.length === 0) return []
  const text = `SELECT ${storedCredentialColumns(table)} FROM ${qualifiedName(table)} AS stored ${joinOnKeys(table)}`
  const { rows: found } = await client.query(text, keyArrays(table, rows))
  return found.map((row) => storedCredentialOf(table, row))
}

function storedCredentialColumns(table: ProtectedTable): string {
  const fields = table.fields.map((field, index) => `${storedText(field)} AS "field${index}"`)
  return [storedRowColumns(table), ...fields].join(', ')
}

function storedCredentialOf(table: ProtectedTable, result: Readonly<Record<string, unknown>>): StoredCredential {
  const fields = table.fields.map((_, index) => (result[`field${index}`] as string | null) ?? null)
  return { ...storedRowOf(table, result), fields }
}

/** Not by `::text`: what that makes of bytes depends on the connection's `bytea_output`. */
function storedText({ column, type }: FieldColumn): string {
  const stored = `stored.${quoteIdentifier(column)}`
  return type === 'text' ? `${stored}::text` : `'\\x' || encode(${stored}, 'hex')`
}
