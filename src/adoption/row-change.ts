import type { Outcome, RowFailure } from '../jobs/index.js'
import { inSavepoint } from '../postgres/in-savepoint.js'
import { qualifiedName, quoteIdentifier } from '../postgres/protected-table.js'
import type { Queryable } from '../postgres/queryable.js'
import { storeByHalves } from '../postgres/store-by-halves.js'
import { keyOf } from '../postgres/swap-metadata.js'
import type { AdoptedTable } from './adopted-table.js'
import { isSameState, joinKeys, type RowState, readStates } from './legacy-rows.js'

/** What a row gets in place of what was read of it. */
export interface RowChange {
  readonly row: RowState
  /** As JSON. */
  readonly metadata: string
  /** By column; the same columns in each change of a batch. */
  readonly values: Readonly<Record<string, string | null>>
}

/** What became of a batch before anything of it was stored. */
export interface PreparedChanges {
  readonly changes: readonly RowChange[]
  /** Rows without a change, by why there is none. */
  readonly counts: Readonly<Record<string, number>>
  readonly failures: readonly RowFailure[]
}

export interface Stored {
  /** What a row that was written is counted as. */
  readonly counted: string
  /** Of the columns that are no text. */
  readonly types?: ColumnTypes
}

/** By column, as Postgres prints them. */
export type ColumnTypes = Readonly<Record<string, string>>

/**
 * Stores the changes of those rows that are still what was read: locked, read again and compared, then written by one
 * statement. Rows that the database refuses to take are failures of their own. `client` is in a transaction.
 */
export async function storeChanges(
  client: Queryable,
  table: AdoptedTable,
  { changes, counts, failures }: PreparedChanges,
  stored: Stored,
): Promise<Outcome> {
  const now = await readStates(
    client,
    table,
    changes.map(({ row }) => row.asked),
    'locked',
  )
  const unchanged = changes.filter(({ row }) => {
    const found = now.get(keyOf(row))
    return found !== undefined && isSameState(row, found)
  })
  const refused = await write(client, table, unchanged, stored.types ?? {})
  const moved = unchanged.length - refused.length
  return {
    counts: { ...counts, [stored.counted]: moved },
    moved,
    lost: changes.length - unchanged.length,
    failures: [...failures, ...refused],
  }
}

/** Returns what the database refuses. */
async function write(
  client: Queryable,
  table: AdoptedTable,
  changes: readonly RowChange[],
  types: ColumnTypes,
): Promise<readonly RowFailure[]> {
  const { failures } = await storeByHalves(
    changes,
    ({ row }) => row.asked,
    async (some) => {
      await inSavepoint(client, () => client.query(writeSql(table, some[0]!, types), parametersOf(table, some)))
      return some
    },
  )
  return failures
}

function writeSql(table: AdoptedTable, { values }: RowChange, types: ColumnTypes): string {
  const columns = Object.keys(values)
  const more = [['metadata', 'jsonb'] as const, ...columns.map((_, i) => [`value${i}`, 'text'] as const)]
  const { wanted, on } = joinKeys(table, 'change', more)
  const assignments = columns.map((column, i) => {
    return `${quoteIdentifier(column)} = change.value${i}${types[column] ? `::${types[column]}` : ''}`
  })
  return `UPDATE ${qualifiedName(table)} AS stored
    SET ${[`${quoteIdentifier(table.metadata)} = change.metadata`, ...assignments].join(', ')}
    FROM ${wanted} WHERE ${on}`
}

function parametersOf(table: AdoptedTable, changes: readonly RowChange[]): unknown[] {
  return [
    ...table.primaryKey.map(({ column }) => changes.map(({ row }) => row.primaryKey[column])),
    changes.map(({ metadata }) => metadata),
    ...Object.keys(changes[0]!.values).map((column) => changes.map(({ values }) => values[column])),
  ]
}
