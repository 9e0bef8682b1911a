import type pg from 'pg'

/** In bytes, since the server was made. */
export async function walPosition(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ position: number }>(
    `SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8 AS position`,
  )
  return rows[0]!.position
}
