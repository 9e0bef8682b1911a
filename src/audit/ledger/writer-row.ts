import type { Queryable } from '../../postgres/queryable.js'

export interface Writer {
  readonly id: string
  readonly label: string | undefined
}

/** A writer that was not heard of for so long is taken for dead: others store what its journal holds. */
export const DEAD_AFTER_MS = 30_000
const DEAD = `(ended_at IS NOT NULL OR heartbeat_at < clock_timestamp() - interval '${DEAD_AFTER_MS} milliseconds')`

/**
 * A sign of life. `isStored`: everything is stored that was begun before the last one, which is what `flushed_to` then says,
 * by the clock of the database alone.
 */
export async function storeHeartbeat(client: Queryable, { id, label }: Writer, isStored: boolean): Promise<void> {
  await client.query(
    `INSERT INTO waxseal.ledger_writer AS stored (id, label, flushed_to)
      VALUES ($1, $2, CASE WHEN $3 THEN clock_timestamp() - interval '1 minute' ELSE 'epoch' END)
      ON CONFLICT (id) DO UPDATE SET heartbeat_at = clock_timestamp(), ended_at = NULL,
        flushed_to = CASE WHEN $3 THEN stored.heartbeat_at ELSE stored.flushed_to END`,
    [id, label ?? null, isStored],
  )
}

/** It writes nothing any more, and everything is stored. */
export async function endWriter(client: Queryable, id: string): Promise<void> {
  await client.query(
    'UPDATE waxseal.ledger_writer SET ended_at = statement_timestamp(), flushed_to = statement_timestamp() WHERE id = $1',
    [id],
  )
}

/** Those of whom nothing is to come any more: they died, and the journals they left are stored. */
export async function endDeadWriters(client: Queryable, withJournals: readonly string[]): Promise<void> {
  await client.query(
    `UPDATE waxseal.ledger_writer SET ended_at = clock_timestamp(), flushed_to = heartbeat_at
      WHERE ended_at IS NULL AND heartbeat_at < clock_timestamp() - interval '1 hour' AND id <> ALL ($1::uuid[])`,
    [withJournals],
  )
}

/** Those that are taken for dead; `unknown` has those that never reached this database. */
export async function deadWriters(
  client: Queryable,
  ids: readonly string[],
): Promise<{ readonly dead: ReadonlySet<string>; readonly unknown: ReadonlySet<string> }> {
  const { rows } = await client.query(
    `SELECT id, ${DEAD} AS dead FROM waxseal.ledger_writer WHERE id = ANY ($1::uuid[])`,
    [ids],
  )
  const known = new Set(rows.map(({ id }) => id as string))
  return {
    dead: new Set(rows.flatMap(({ id, dead }) => (dead ? [id as string] : []))),
    unknown: new Set(ids.filter((id) => !known.has(id))),
  }
}
