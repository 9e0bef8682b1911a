import type { LegacyRow } from '../postgres/field-adoption.js'
import { qualifiedName, quoteIdentifier } from '../postgres/protected-table.js'
import type { Queryable } from '../postgres/queryable.js'
import { PARAMETER_TYPES, type StoredRow, storedRowColumns, storedRowOf } from '../postgres/stored-row.js'
import { keyOf } from '../postgres/swap-metadata.js'
import type { AdoptedTable } from './adopted-table.js'

/** A row with everything that an adoption looks at, as it was at one moment. */
export interface RowState extends StoredRow {
  readonly values: LegacyRow
  /** The row that it was asked for: what a job reports by. */
  readonly asked: StoredRow
}

/**
 * The rows with these primary keys, by `keyOf`. With `locked` each is held until the end of the transaction; one that
 * somebody else holds is left out, since to wait for it could be to wait in a circle.
 */
export async function readStates(
  client: Queryable,
  table: AdoptedTable,
  rows: readonly StoredRow[],
  locked: 'locked' | 'unlocked',
): Promise<Map<string, RowState>> {
  if (rows.length === 0) return new Map()
  const keys = table.primaryKey.map(({ column }) => rows.map(({ primaryKey }) => primaryKey[column]))
  const { rows: found } = await client.query(readStatesSql(table, locked), keys)
  const asked = new Map(rows.map((row) => [keyOf(row), row]))
  return new Map(
    found.map((row) => {
      const values = Object.fromEntries(table.columns.map((column, i) => [column, row[`value${i}`] as string | null]))
      const stored = storedRowOf(table, row)
      const key = keyOf(stored)
      return [key, { ...stored, values, asked: asked.get(key)! }]
    }),
  )
}

/** Whether nothing that was looked at has changed. Compared here, and not by a statement that would carry the plaintexts. */
export function isSameState(a: RowState, b: RowState): boolean {
  const isSame = (x: LegacyRow, y: LegacyRow) => Object.keys(x).every((column) => x[column] === y[column])
  return a.metadata === b.metadata && isSame(a.values, b.values) && isSame(a.bound, b.bound)
}

function readStatesSql(table: AdoptedTable, locked: 'locked' | 'unlocked'): string {
  const values = table.columns.map((column, i) => `stored.${quoteIdentifier(column)}::text AS value${i}`)
  const { wanted, on } = joinKeys(table, 'wanted')
  return `SELECT ${[storedRowColumns(table), ...values].join(', ')} FROM ${qualifiedName(table)} AS stored
    JOIN ${wanted} ON ${on}${locked === 'locked' ? ' FOR NO KEY UPDATE OF stored SKIP LOCKED' : ''}`
}

/** A join with the primary keys in `$1`, `$2`, …, and the further columns that follow them. */
export function joinKeys(
  table: AdoptedTable,
  alias: string,
  more: readonly (readonly [name: string, type: string])[] = [],
) {
  const keys = table.primaryKey.map(({ type }, i) => [`key${i}`, PARAMETER_TYPES[type]] as const)
  const columns = [...keys, ...more]
  const arrays = columns.map(([, type], i) => `$${i + 1}::${type}[]`)
  return {
    wanted: `unnest(${arrays.join(', ')}) AS ${alias} (${columns.map(([name]) => name).join(', ')})`,
    on: table.primaryKey.map(({ column }, i) => `stored.${quoteIdentifier(column)} = ${alias}.key${i}`).join(' AND '),
  }
}
