import { ConfigurationError } from '../errors.js'
import { assertOptions, isObject, type OptionRules, wholeNumberFrom } from '../kms/options.js'
import { type ProtectedTable, qualifiedName, quoteIdentifier } from './protected-table.js'
import type { Queryable } from './queryable.js'
import { PARAMETER_TYPES, type StoredRow, storedRowColumns, storedRowOf } from './stored-row.js'

export interface ReadEnvelopesOptions {
  /** Rows per query, 500 unless said otherwise. */
  readonly batchSize?: number
  /** Continues behind this primary key. */
  readonly after?: Readonly<Record<string, string>>
}

const OPTIONS: OptionRules<ReadEnvelopesOptions> = {
  batchSize: wholeNumberFrom(1),
  after: [isObject, 'be a primary key'],
}

/**
 * Reads all rows in the order of their primary key, a batch at a time, without their fields. By keyset: every batch is a
 * search in the index, no transaction stays open between two, and the last key read is where to continue. A row that is
 * inserted behind the reader is not seen.
 */
export async function* readEnvelopes(
  client: Queryable,
  table: ProtectedTable,
  options: ReadEnvelopesOptions = {},
): AsyncGenerator<readonly StoredRow[], void, undefined> {
  assertOptions('readEnvelopes', options, OPTIONS)
  const { batchSize = 500, after: start } = options
  let after = start
  for (;;) {
    const keys = after ? keysOf(table, after) : []
    const { rows } = await client.query(readEnvelopesSql(table, after !== undefined), [batchSize, ...keys])
    const batch = rows.map((row) => storedRowOf(table, row))
    if (batch.length > 0) yield batch
    if (batch.length < batchSize) return
    after = batch.at(-1)?.primaryKey
  }
}

/** The batch size is `$1`, the key follows. Keys are compared by their own type: compared as text, no index would serve. */
export function readEnvelopesSql(table: ProtectedTable, continued: boolean): string {
  const keys = table.primaryKey.map(({ column }) => `stored.${quoteIdentifier(column)}`).join(', ')
  const start = table.primaryKey.map(({ type }, index) => `$${index + 2}::${PARAMETER_TYPES[type]}`).join(', ')
  return `SELECT ${storedRowColumns(table)} FROM ${qualifiedName(table)} AS stored
    ${continued ? `WHERE (${keys}) > (${start})` : ''} ORDER BY ${keys} LIMIT $1`
}

function keysOf(table: ProtectedTable, after: Readonly<Record<string, string>>): string[] {
  return table.primaryKey.map(({ column }) => {
    const value = after[column]
    if (value === undefined) throw new ConfigurationError(`readEnvelopes: expected "after" to hold column "${column}"`)
    return value
  })
}
