import { ConfigurationError } from '../errors.js'
import { type ProtectedTable, qualifiedName, quoteIdentifier } from './protected-table.js'
import type { Queryable } from './queryable.js'
import { PARAMETER_TYPES, type StoredRow } from './stored-row.js'

export interface KeyOrderOptions {
  readonly batchSize: number
  readonly after: Readonly<Record<string, string>> | undefined
}

/**
 * All rows in the order of their primary key, a batch at a time. By keyset: every batch is a search in the index, no
 * transaction stays open between two, and the last key read is where to continue. `columns` is a select list over `stored`.
 */
export async function* inKeyOrder<Row extends Pick<StoredRow, 'primaryKey'>>(
  client: Queryable,
  table: ProtectedTable,
  columns: string,
  rowOf: (result: Readonly<Record<string, unknown>>) => Row,
  { batchSize, after: start }: KeyOrderOptions,
): AsyncGenerator<readonly Row[], void, undefined> {
  let after = start
  for (;;) {
    const keys = after ? keysOf(table, after) : []
    const { rows } = await client.query(inKeyOrderSql(table, columns, after !== undefined), [batchSize, ...keys])
    const batch = rows.map(rowOf)
    if (batch.length > 0) yield batch
    if (batch.length < batchSize) return
    after = batch.at(-1)?.primaryKey
  }
}

/** The batch size is `$1`, the key follows. Keys are compared by their own type: compared as text, no index would serve. */
export function inKeyOrderSql(table: ProtectedTable, columns: string, continued: boolean): string {
  const keys = table.primaryKey.map(({ column }) => `stored.${quoteIdentifier(column)}`).join(', ')
  const start = table.primaryKey.map(({ type }, index) => `$${index + 2}::${PARAMETER_TYPES[type]}`).join(', ')
  return `SELECT ${columns} FROM ${qualifiedName(table)} AS stored
    ${continued ? `WHERE (${keys}) > (${start})` : ''} ORDER BY ${keys} LIMIT $1`
}

function keysOf(table: ProtectedTable, after: Readonly<Record<string, string>>): string[] {
  return table.primaryKey.map(({ column }) => {
    const value = after[column]
    if (value === undefined) throw new ConfigurationError(`readEnvelopes: expected "after" to hold column "${column}"`)
    return value
  })
}
