import type { Queryable } from '../../postgres/queryable.js'
import { COLUMNS, type LedgerRow, type LedgerTable } from './ledger-row.js'

const TABLES = Object.keys(COLUMNS) as LedgerTable[]

/**
 * Stores rows of all tables by one statement, so that they cost one commit. `again`: some may be stored already, and are
 * then left out.
 */
export async function insertRows(client: Queryable, rows: readonly LedgerRow[], again: boolean): Promise<void> {
  const values: unknown[] = []
  const parts = TABLES.flatMap((table) => {
    const own = rows.filter((row) => row.table === table)
    return own.length === 0 ? [] : [`${table} AS (${insertOf(table, own, values, again)})`]
  })
  if (parts.length > 0) await client.query(`WITH ${parts.join(', ')} SELECT`, values)
}

/** By the clock of the database, which gives the rows their month. */
export async function ensureMonth(client: Queryable): Promise<void> {
  await client.query("SELECT waxseal.ensure_audit_month((clock_timestamp() AT TIME ZONE 'UTC')::date)")
}

function insertOf(table: LedgerTable, rows: readonly LedgerRow[], values: unknown[], again: boolean): string {
  const columns = Object.entries(COLUMNS[table])
  const names = columns.map(([name]) => name).join(', ')
  const arrays = columns.map(([name, type]) => {
    values.push(rows.map((row) => row.values[name] ?? null))
    return `$${values.length}::${type}[]`
  })
  const [key] = Object.keys(COLUMNS[table])
  const stored = `SELECT FROM waxseal.${table} stored WHERE stored.${key} = row.${key}`
  return `INSERT INTO waxseal.${table} (${names}) SELECT ${names} FROM unnest(${arrays.join(', ')}) AS row (${names})${
    again ? ` WHERE NOT EXISTS (${stored})` : ''
  }`
}
