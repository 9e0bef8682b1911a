import pg from 'pg'
import { installSchema } from 'waxseal/lifecycle'

/** Rows as text, by column: ready to be inserted. */
export interface ReadyRows {
  readonly table: string
  readonly names: readonly string[]
  readonly types: readonly string[]
  readonly lists: readonly (readonly (string | null)[])[]
}

/** Another database of the server, with the same tables and indexes: the same rows can be inserted into it. */
export async function bareDatabase(pool: pg.Pool, url: string): Promise<pg.Client> {
  await pool.query('CREATE DATABASE bare')
  const client = new pg.Client({ connectionString: Object.assign(new URL(url), { pathname: '/bare' }).href })
  await client.connect()
  await installSchema(client)
  return client
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
