import { type ProtectedTable, qualifiedName, quoteIdentifier } from './protected-table.js'
import type { Queryable } from './queryable.js'
import { type StoredByHalves, storeByHalves } from './store-by-halves.js'
import { PARAMETER_TYPES, type StoredRow, storedRowColumns, storedRowOf } from './stored-row.js'

export interface MetadataSwap {
  readonly row: StoredRow
  /** As JSON. */
  readonly next: string
}

/**
 * Replaces the metadata of each row that still holds what was read, in one statement, and touches no other column.
 * When the database refuses the statement, it is halved until the rows that it refuses stand alone.
 */
export function swapMetadata(
  client: Queryable,
  table: ProtectedTable,
  swaps: readonly MetadataSwap[],
): Promise<StoredByHalves<StoredRow>> {
  return storeByHalves(
    swaps,
    ({ row }) => row,
    (some) => swapTogether(client, table, some),
  )
}

/** As `swapMetadata`, for a caller with a transaction open: all of them, or the database's refusal. Those that were swapped. */
export async function swapTogether(
  client: Queryable,
  table: ProtectedTable,
  swaps: readonly MetadataSwap[],
): Promise<StoredRow[]> {
  const { rows } = await client.query(swapSql(table), parameters(table, swaps))
  return rows.map(({ place }) => swaps[(place as number) - 1]!.row)
}

/** The rows with these primary keys, as they are now. */
export async function readAgain(
  client: Queryable,
  table: ProtectedTable,
  rows: readonly Pick<StoredRow, 'primaryKey'>[],
): Promise<StoredRow[]> {
  if (rows.length === 0) return []
  const text = `SELECT ${storedRowColumns(table)} FROM ${qualifiedName(table)} AS stored ${joinOnKeys(table)}`
  const { rows: found } = await client.query(text, keyArrays(table, rows))
  return found.map((row) => storedRowOf(table, row))
}

/** Identifies a row among others of its table. */
export function keyOf({ primaryKey }: StoredRow): string {
  return JSON.stringify(Object.values(primaryKey))
}

function swapSql(table: ProtectedTable): string {
  const metadata = quoteIdentifier(table.metadata)
  const { keys, on } = join(table)
  const arrays = [...table.primaryKey.map(({ type }) => PARAMETER_TYPES[type]), 'jsonb', 'jsonb']
  return `UPDATE ${qualifiedName(table)} AS stored SET ${metadata} = swap.next
    FROM unnest(${arrays.map((type, index) => `$${index + 1}::${type}[]`).join(', ')})
      WITH ORDINALITY AS swap (${keys.join(', ')}, previous, next, place)
    WHERE ${on('swap')} AND stored.${metadata} = swap.previous
    RETURNING swap.place::int4 AS place`
}

function parameters(table: ProtectedTable, swaps: readonly MetadataSwap[]): unknown[] {
  const rows = swaps.map(({ row }) => row)
  return [...keyArrays(table, rows), rows.map(({ metadata }) => metadata), swaps.map(({ next }) => next)]
}

/** Joins `stored` to the rows of `keyArrays`, which are the first parameters; `wanted.place` is that in the arrays, from 1. */
export function joinOnKeys(table: ProtectedTable): string {
  const { keys, on } = join(table)
  const arrays = table.primaryKey.map(({ type }, index) => `$${index + 1}::${PARAMETER_TYPES[type]}[]`)
  return `JOIN unnest(${arrays.join(', ')}) WITH ORDINALITY AS wanted (${keys.join(', ')}, place) ON ${on('wanted')}`
}

export function keyArrays(table: ProtectedTable, rows: readonly Pick<StoredRow, 'primaryKey'>[]): unknown[] {
  return table.primaryKey.map(({ column }) => rows.map(({ primaryKey }) => primaryKey[column]))
}

function join(table: ProtectedTable) {
  const keys = table.primaryKey.map((_, index) => `key${index}`)
  const on = (alias: string) =>
    table.primaryKey
      .map(({ column }, index) => `stored.${quoteIdentifier(column)} = ${alias}.key${index}`)
      .join(' AND ')
  return { keys, on }
}
