import { metadataToJson } from '../envelope/metadata-codec.js'
import { keyOfRow } from '../postgres/kek-sets.js'
import { type ProtectedTable, qualifiedName } from '../postgres/protected-table.js'
import type { Queryable } from '../postgres/queryable.js'
import type { NewWraps } from './prepare-wraps.js'

/** The envelope of a row as it was before a run wrapped its data key anew without a proof. */
export interface JournalEntry {
  readonly envelope: string
  readonly primaryKey: readonly string[]
  /** As JSON. */
  readonly metadata: string
}

/** In the transaction that stores the new wraps. */
export async function writeJournal(
  client: Queryable,
  run: string,
  table: ProtectedTable,
  stored: readonly NewWraps[],
): Promise<void> {
  if (stored.length === 0) return
  // A row that is rewrapped twice in a run keeps the older one: which was there when nothing was in doubt.
  await client.query(
    `INSERT INTO waxseal.rewrap_journal (run, envelope, primary_key, metadata)
      SELECT $1, envelope, ARRAY(SELECT jsonb_array_elements_text(key)), metadata
        FROM unnest($2::text[], $3::jsonb[], $4::jsonb[]) AS entry (envelope, key, metadata)
      ON CONFLICT (run, envelope) DO NOTHING`,
    [
      run,
      stored.map(({ former }) => former.id),
      stored.map(({ row }) => JSON.stringify(keyOfRow(table, row))),
      stored.map(({ former }) => JSON.stringify(metadataToJson(former))),
    ],
  )
}

/** Runs over the table that have ended and whose journal is still there. */
export async function endedJournals(client: Queryable, table: ProtectedTable): Promise<string[]> {
  const { rows } = await client.query(
    `SELECT id FROM waxseal.run WHERE table_name = $1 AND state IN ('finished', 'cancelled')
      AND EXISTS (SELECT FROM waxseal.rewrap_journal WHERE run = run.id) ORDER BY started_at`,
    [qualifiedName(table)],
  )
  return rows.map(({ id }) => id as string)
}

/** Entries behind an envelope id. The ids are random: the first of them are a sample. */
export async function readJournal(
  client: Queryable,
  run: string,
  after: string,
  limit: number,
): Promise<JournalEntry[]> {
  const { rows } = await client.query(
    `SELECT envelope, primary_key AS "primaryKey", metadata::text AS metadata FROM waxseal.rewrap_journal
      WHERE run = $1 AND envelope COLLATE "C" > $2 ORDER BY envelope COLLATE "C" LIMIT $3`,
    [run, after, limit],
  )
  return rows as unknown as JournalEntry[]
}

export async function purgeEntries(client: Queryable, run: string, envelopes: readonly string[]): Promise<void> {
  await client.query('DELETE FROM waxseal.rewrap_journal WHERE run = $1 AND envelope = ANY ($2)', [run, envelopes])
}

/** All of a run, a part at a time: one statement over millions of rows would keep VACUUM from its work. */
export async function purgeJournal(client: Queryable, run: string): Promise<void> {
  for (;;) {
    const { rows } = await client.query(
      `WITH part AS (SELECT envelope FROM waxseal.rewrap_journal WHERE run = $1 LIMIT 10000),
        gone AS (DELETE FROM waxseal.rewrap_journal USING part
          WHERE run = $1 AND rewrap_journal.envelope = part.envelope RETURNING 1)
        SELECT count(*)::int AS purged FROM gone`,
      [run],
    )
    if (rows[0]!.purged === 0) return
  }
}
