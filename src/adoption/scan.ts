import { isWaxsealError } from '../errors.js'
import { type Clock, systemClock } from '../kms/clock.js'
import { readCatalog } from '../postgres/guard-catalog.js'
import { qualifiedName, quoteIdentifier } from '../postgres/protected-table.js'
import type { Queryable } from '../postgres/queryable.js'
import { PARAMETER_TYPES } from '../postgres/stored-row.js'
import type { AdoptedTable } from './adopted-table.js'
import { isEmptyRow, plaintextsOf } from './plaintexts.js'

export interface Scan {
  readonly rows: number
  /** With an envelope, or shredded. */
  readonly enveloped: number
  /** Without any value. */
  readonly empty: number
  /** Values by the reader that reads them. */
  readonly readers: Readonly<Record<string, number>>
  /** Rows with a value that no reader reads; the first of them by name. */
  readonly ambiguous: number
  readonly examples: readonly AmbiguousRow[]
  /** Bytes of the values that would be encrypted. */
  readonly bytes: number
}

export interface AmbiguousRow {
  readonly primaryKey: readonly string[]
  readonly problem: string
}

export interface ScanOptions {
  /** Not more rows than this. Default: all. */
  readonly limit?: number
  readonly clock?: Clock
  readonly signal?: AbortSignal
}

const BATCH_ROWS = 1_000
const MOST_EXAMPLES = 20

/** Reads the values of rows without an envelope as a run would, before or after `prepare`. Asks no KMS and writes nothing. */
export async function scan(client: Queryable, table: AdoptedTable, options: ScanOptions = {}): Promise<Scan> {
  const { limit = Number.POSITIVE_INFINITY, clock = systemClock, signal } = options
  const sql = await scanSql(client, table)
  const counts = { rows: 0, enveloped: 0, empty: 0, ambiguous: 0, bytes: 0 }
  const readers: Record<string, number> = {}
  const examples: AmbiguousRow[] = []
  let after: readonly string[] | undefined
  while (counts.rows < limit) {
    signal?.throwIfAborted()
    const wanted = Math.min(BATCH_ROWS, limit - counts.rows)
    const { rows } = await client.query(sql(after !== undefined), [wanted, ...(after ?? [])])
    for (const found of rows) {
      const primaryKey = found.key as string[]
      counts.rows += 1
      if (found.metadata !== '{}') {
        counts.enveloped += 1
        continue
      }
      const row = {
        values: Object.fromEntries(table.columns.map((name, i) => [name, found[`value${i}`] as string | null])),
      }
      if (isEmptyRow(table, row)) counts.empty += 1
      else look(primaryKey, row)
    }
    after = (rows.at(-1)?.key as string[] | undefined) ?? after
    if (rows.length < wanted) break
  }
  return { ...counts, readers, examples }

  function look(
    primaryKey: readonly string[],
    row: { readonly values: Readonly<Record<string, string | null>> },
  ): void {
    try {
      for (const { reader } of plaintextsOf(table, row, clock.now())) {
        if (reader !== undefined) readers[reader] = (readers[reader] ?? 0) + 1
      }
      for (const { adoption } of table.adopted) counts.bytes += Buffer.byteLength(row.values[adoption.source] ?? '')
    } catch (error) {
      if (!isWaxsealError(error) || error.code !== 'ERR_LEGACY_VALUE') throw error
      counts.ambiguous += 1
      if (examples.length < MOST_EXAMPLES) examples.push({ primaryKey, problem: error.message })
    }
  }
}

/** In the order of the primary key. Columns that `prepare` has still to add are read as it would add them. */
async function scanSql(client: Queryable, table: AdoptedTable): Promise<(continued: boolean) => string> {
  const catalog = await readCatalog(client, table)
  const textOf = (column: string, missing: string) => {
    return catalog?.columns.has(column) ? `stored.${quoteIdentifier(column)}::text` : missing
  }
  const keys = table.primaryKey.map(({ column }) => `stored.${quoteIdentifier(column)}`)
  const selected = [
    `ARRAY[${keys.map((key) => `${key}::text`).join(', ')}] AS key`,
    `${textOf(table.metadata, "'{}'")} AS metadata`,
    ...table.columns.map((column, i) => `${textOf(column, 'NULL')} AS value${i}`),
  ]
  const start = table.primaryKey.map(({ type }, i) => `$${i + 2}::${PARAMETER_TYPES[type]}`)
  return (continued) => `SELECT ${selected.join(', ')} FROM ${qualifiedName(table)} AS stored
    ${continued ? `WHERE (${keys.join(', ')}) > (${start.join(', ')})` : ''} ORDER BY ${keys.join(', ')} LIMIT $1`
}
