import { assertOptions, isObject, type OptionRules, wholeNumberFrom } from '../kms/options.js'
import { inKeyOrder } from './in-key-order.js'
import type { ProtectedTable } from './protected-table.js'
import type { Queryable } from './queryable.js'
import { type StoredRow, storedRowColumns, storedRowOf } from './stored-row.js'

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
 * Reads all rows in the order of their primary key, a batch at a time, without their fields. A row that is inserted behind
 * the reader is not seen.
 */
export async function* readEnvelopes(
  client: Queryable,
  table: ProtectedTable,
  options: ReadEnvelopesOptions = {},
): AsyncGenerator<readonly StoredRow[], void, undefined> {
  assertOptions('readEnvelopes', options, OPTIONS)
  const { batchSize = 500, after } = options
  const rowOf = (result: Readonly<Record<string, unknown>>) => storedRowOf(table, result)
  yield* inKeyOrder(client, table, storedRowColumns(table), rowOf, { batchSize, after })
}
