import { inTransaction } from './in-transaction.js'
import { type ProtectedTable, qualifiedName } from './protected-table.js'
import type { Queryable } from './queryable.js'
import { keyTexts, setHash } from './set-index.js'
import { type StoredRow, storedRowColumns, storedRowOf } from './stored-row.js'

/** The rows of a table that are wrapped under the same KEK refs. */
export interface KekSet {
  /** What the index knows it by: a bigint, in decimal. */
  readonly hash: string
  /** One of its rows: whose `wraps` name the KEKs. */
  readonly sample: StoredRow
}

/** The texts of a primary key, in the order of its columns. */
export type RowKey = readonly string[]

/** Rows of a set behind one key, and up to another one. Absent: from the first, to the last. */
export interface SetRange {
  readonly hash: string
  readonly after?: RowKey | undefined
  readonly until?: RowKey | undefined
}

/** The sets of a table, by one search in the index for each. */
export async function listKekSets(client: Queryable, table: ProtectedTable): Promise<KekSet[]> {
  return inTransaction(client, async () => {
    await readByIndex(client)
    const { rows } = await client.query(kekSetsSql(table))
    return rows.map((row) => ({ hash: row.hash as string, sample: storedRowOf(table, row) }))
  })
}

export function kekSetsSql(table: ProtectedTable): string {
  const [name, hash] = [qualifiedName(table), setHash(table)]
  return `WITH RECURSIVE sets AS (
      (SELECT ${hash} AS hash FROM ${name} AS stored ORDER BY ${hash} LIMIT 1)
      UNION ALL
      SELECT (SELECT ${hash} FROM ${name} AS stored WHERE ${hash} > sets.hash ORDER BY ${hash} LIMIT 1)
        FROM sets WHERE sets.hash IS NOT NULL
    )
    SELECT sets.hash::text AS hash, sample.* FROM sets CROSS JOIN LATERAL (
      SELECT ${storedRowColumns(table)} FROM ${name} AS stored WHERE ${hash} = sets.hash LIMIT 1
    ) AS sample`
}

/** The first rows of a range, in the order of the index. In a transaction where `readByIndex` was called. */
export async function readKekSet(
  client: Queryable,
  table: ProtectedTable,
  range: SetRange,
  limit: number,
): Promise<StoredRow[]> {
  const { text, values } = readKekSetSql(table, range, limit)
  return (await client.query(text, values)).rows.map((row) => storedRowOf(table, row))
}

export function readKekSetSql(table: ProtectedTable, range: SetRange, limit: number) {
  const { where, values } = within(table, range)
  const text = `SELECT ${storedRowColumns(table)} FROM ${qualifiedName(table)} AS stored
    WHERE ${where} ORDER BY ${keyTexts(table).join(', ')} LIMIT ${limit}`
  return { text, values }
}

/** The key of the row that ends the next `rows` rows of a range; undefined where fewer are left. As `readKekSet`. */
export async function keyBehind(
  client: Queryable,
  table: ProtectedTable,
  range: SetRange,
  rows: number,
): Promise<RowKey | undefined> {
  const { text, values } = keyBehindSql(table, range, rows)
  const [found] = (await client.query(text, values)).rows
  return found && (found.key as string[])
}

export function keyBehindSql(table: ProtectedTable, range: SetRange, rows: number) {
  const keys = keyTexts(table).join(', ')
  const { where, values } = within(table, range)
  const text = `SELECT ARRAY[${keys}] AS key FROM ${qualifiedName(table)} AS stored
    WHERE ${where} ORDER BY ${keys} OFFSET ${rows - 1} LIMIT 1`
  return { text, values }
}

/**
 * Until the end of the transaction, no table is read whole and nothing sorted where an index does it. Before the first
 * ANALYZE after the index was built, the planner takes a set of most of the table for a small one.
 */
export async function readByIndex(client: Queryable): Promise<void> {
  await client.query(`SELECT set_config(name, 'off', true) FROM unnest(ARRAY[${EXPENSIVE}]) AS name`)
}

const EXPENSIVE = `'enable_seqscan', 'enable_bitmapscan', 'enable_sort'`

export function keyOfRow(table: ProtectedTable, { primaryKey }: StoredRow): RowKey {
  return table.primaryKey.map(({ column }) => primaryKey[column]!)
}

function within(table: ProtectedTable, { hash, after, until }: SetRange): { where: string; values: unknown[] } {
  const values: unknown[] = [hash]
  const keys = keyTexts(table).join(', ')
  const bound = (operator: string, key: RowKey | undefined) => {
    return key ? ` AND (${keys}) ${operator} (${key.map((text) => `$${values.push(text)}::text`).join(', ')})` : ''
  }
  return { where: `${setHash(table)} = $1::int8${bound('>', after)}${bound('<=', until)}`, values }
}
