import pg from 'pg'
import { installSchema } from 'waxseal/lifecycle'
import { startTemporaryPostgres } from 'waxseal/testing'
import { type Figure, figure, ratio } from '../harness/figure.js'

/** Rows as text, by column: ready to be inserted. */
export interface ReadyRows {
  readonly table: string
  readonly names: readonly string[]
  readonly types: readonly string[]
  readonly lists: readonly (readonly (string | null)[])[]
}

/** A server with the tables twice: what is measured stores into one database, and the same rows are inserted into the other. */
export interface TwoDatabases {
  readonly url: string
  readonly pool: pg.Pool
  readonly bare: pg.Client
  close(): Promise<void>
}

export async function twoDatabases(): Promise<TwoDatabases> {
  const { url, stop } = await startTemporaryPostgres()
  const pool = new pg.Pool({ connectionString: url, idleTimeoutMillis: 0 })
  pool.on('error', () => undefined)
  const client = await pool.connect()
  await installSchema(client)
  client.release()
  await pool.query('CREATE DATABASE bare')
  const bare = new pg.Client({ connectionString: Object.assign(new URL(url), { pathname: '/bare' }).href })
  await bare.connect()
  await installSchema(bare)
  return {
    ...{ url, pool, bare },
    async close() {
      await bare.end()
      await pool.end()
      await stop()
    },
  }
}

/** What a bare insert takes of the time of `stored`, and that time for each of so many. */
export function besideBare(
  { id, what, each, of }: { readonly id: string; readonly what: string; readonly each: Text; readonly of: number },
  stored: readonly number[],
  bare: readonly number[],
): Figure[] {
  const title = `speed of a bare INSERT … FROM unnest that ${what}`
  return [
    ratio({ id, title, goal: { atLeast: 0.8 } }, bare, stored),
    figure(
      each,
      'µs',
      stored.map((us) => us / of),
    ),
  ]
}

interface Text {
  readonly id: string
  readonly title: string
}

/** What was stored in a table of the audit, but for what the database fills in by itself. */
export async function readyRows(pool: pg.Pool, table: string, where: string): Promise<ReadyRows> {
  const { rows: columns } = await pool.query<{ name: string; type: string }>(
    `SELECT attname AS name, format_type(atttypid, NULL) AS type
    FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    WHERE attrelid = 'waxseal.${table}'::regclass AND attnum > 0 AND coalesce(pg_get_expr(adbin, adrelid), '') NOT LIKE '%()'`,
  )
  const names = columns.map(({ name }) => name)
  const texts = names.map((name) => `${name}::text`).join(', ')
  const { rows } = await pool.query<Record<string, string | null>>(
    `SELECT ${texts} FROM waxseal.${table} WHERE ${where}`,
  )
  const lists = names.map((name) => rows.map((row) => row[name]!))
  return { table, names, types: columns.map(({ type }) => type), lists }
}

/** Each statement is a transaction. */
export async function insertBare(client: pg.Client, rows: ReadyRows, rowsOfStatement: number): Promise<void> {
  const { table, names, types, lists } = rows
  const arrays = types.map((type, n) => `$${n + 1}::${type}[]`).join(', ')
  for (let n = 0; n < lists[0]!.length; n += rowsOfStatement) {
    await client.query(
      `INSERT INTO waxseal.${table} (${names}) SELECT * FROM unnest(${arrays})`,
      lists.map((list) => list.slice(n, n + rowsOfStatement)),
    )
  }
}
