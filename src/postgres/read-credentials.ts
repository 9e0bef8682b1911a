import { inKeyOrder } from './in-key-order.js'
import { type FieldColumn, type ProtectedTable, quoteIdentifier } from './protected-table.js'
import type { Queryable } from './queryable.js'
import { type StoredRow, storedRowColumns, storedRowOf } from './stored-row.js'

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
  const names = table.fields.map((_, index) => `field${index}`)
  const fields = table.fields.map((field, index) => `${storedText(field)} AS "${names[index]}"`)
  const rowOf = (result: Readonly<Record<string, unknown>>) => {
    return { ...storedRowOf(table, result), fields: names.map((name) => (result[name] as string | null) ?? null) }
  }
  const columns = [storedRowColumns(table), ...fields].join(', ')
  return inKeyOrder(client, table, columns, rowOf, { batchSize, after: undefined })
}

/** Not by `::text`: what that makes of bytes depends on the connection's `bytea_output`. */
function storedText({ column, type }: FieldColumn): string {
  const stored = `stored.${quoteIdentifier(column)}`
  return type === 'text' ? `${stored}::text` : `'\\x' || encode(${stored}, 'hex')`
}
