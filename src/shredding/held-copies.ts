import type { Queryable } from '../postgres/queryable.js'
import type { HeldCopy, ShredReceipt } from './receipt.js'

/** What of an ended run decides how long copies are held. */
export interface EndedRun {
  readonly tables: ShredReceipt['tables']
  readonly endedAt: string
  /** The position in the WAL behind everything that was shredded. */
  readonly lsn: string
  readonly cachesUntil: string
  readonly backupsUntil: string
  /** The server's. */
  readonly now: string
}

/** Where removed wrapped data keys may still be, as far as this database can say. */
export async function heldCopies(client: Queryable, run: EndedRun): Promise<HeldCopy[]> {
  const untilThen = (until: string) => ({ state: until <= run.now ? ('gone' as const) : ('held' as const), until })
  return [
    { where: 'journal', state: 'gone', explanation: 'purged in the transaction that shredded' },
    {
      where: 'caches',
      ...untilThen(run.cachesUntil),
      explanation:
        'processes of the fleet forgot at once; any other keeps an unwrapped data key for the age of its cache',
    },
    {
      where: 'dead rows',
      state: await deadRows(client, run),
      explanation: 'the rows as they were, until VACUUM has run on each table; VACUUM FULL also gives the space back',
    },
    {
      where: 'WAL',
      state: await wal(client, run),
      explanation: 'segments on the server until they are recycled; archived ones count as backups',
    },
    {
      where: 'replicas',
      state: await replicas(client, run),
      explanation: 'until each has replayed what was shredded, and vacuumed',
    },
    {
      where: 'backups',
      ...untilThen(run.backupsUntil),
      explanation: 'with the KEK they open until they are gone, or until the KEK is destroyed',
    },
  ]
}

/** By name: a user who may read receipts need not be allowed to see the tables. */
async function deadRows(client: Queryable, { tables, endedAt }: EndedRun): Promise<HeldCopy['state']> {
  const { rows } = await client.query(
    `SELECT coalesce(bool_and(coalesce(greatest(last_vacuum, last_autovacuum) > $3::timestamptz, false)), true) AS gone
     FROM unnest($1::text[], $2::text[]) AS named (schema, name)
     JOIN pg_catalog.pg_stat_all_tables ON schemaname = named.schema AND relname = named.name`,
    [tables.map(({ schema }) => schema), tables.map(({ table }) => table), endedAt],
  )
  return rows[0]?.gone ? 'gone' : 'held'
}

async function wal(client: Queryable, { lsn, endedAt }: EndedRun): Promise<HeldCopy['state']> {
  try {
    // A segment that is recycled gets a later name, and keeps its contents and its time until it is written over.
    const { rows } = await client.query(
      `SELECT min(name) > pg_catalog.pg_walfile_name($1) AND min(modification) > $2::timestamptz AS gone
       FROM pg_catalog.pg_ls_waldir() WHERE name ~ '^[0-9A-F]{24}$'`,
      [lsn, endedAt],
    )
    return rows[0]?.gone ? 'gone' : 'held'
  } catch (error) {
    if ((error as { code?: unknown }).code === INSUFFICIENT_PRIVILEGE) return 'unknown'
    throw error
  }
}

const INSUFFICIENT_PRIVILEGE = '42501'

async function replicas(client: Queryable, { lsn }: EndedRun): Promise<HeldCopy['state']> {
  const { rows } = await client.query(
    `SELECT coalesce(bool_and(position >= $1::pg_lsn), true) AS gone, coalesce(bool_or(position IS NULL), false) AS hidden
     FROM (SELECT replay_lsn AS position FROM pg_catalog.pg_stat_replication
       UNION ALL SELECT coalesce(confirmed_flush_lsn, restart_lsn) FROM pg_catalog.pg_replication_slots WHERE NOT active) AS each`,
    [lsn],
  )
  if (rows[0]?.hidden) return 'unknown'
  return rows[0]?.gone ? 'gone' : 'held'
}
