import type { Queryable } from '../../postgres/queryable.js'
import type { CanonicalRecord } from './canonical-record.js'
import { type LeafKindName, leafKinds } from './leaf-kinds.js'
import { recordOf, selectRecord, timeText } from './record-columns.js'

/** Which transactions have ended, and with them which rows will not become more. */
export interface Horizon {
  /** All transactions of this database below it are committed or gone. */
  readonly ended: string
  /** This cluster has had none from here on: a row that names one came from another cluster. */
  readonly next: string
  readonly cluster: string
}

/** Where to go on in a table: behind this row of this transaction. */
export interface RowCursor {
  readonly writtenIn: string
  readonly id: string
  readonly time: string
}

/**
 * Transactions of other databases cannot write here, and autovacuum does not: an hour of theirs must not be an hour without
 * leaves. Whoever is not known to be one of them is waited for.
 */
const HORIZON = `SELECT pg_snapshot_xmax(snapshot)::text AS next,
    (SELECT system_identifier::text FROM pg_control_system()) AS cluster,
    coalesce((SELECT running FROM pg_snapshot_xip(snapshot) AS running
      WHERE NOT EXISTS (SELECT FROM pg_stat_activity WHERE backend_xid = running::xid
          AND (datname <> current_database() OR backend_type = 'autovacuum worker'))
        AND NOT EXISTS (SELECT FROM pg_prepared_xacts WHERE transaction = running::xid AND database <> current_database())
      ORDER BY running LIMIT 1), pg_snapshot_xmax(snapshot))::text AS ended
  FROM pg_current_snapshot() AS snapshot`

export async function readHorizon(client: Queryable): Promise<Horizon> {
  const { rows } = await client.query(HORIZON)
  return rows[0] as unknown as Horizon
}

const START = { id: '00000000-0000-0000-0000-000000000000', time: '-infinity' }

/** Where a kind was appended up to. `isWhole`: by numbers of another cluster, so that every row has to be looked at. */
export async function readFrontier(
  client: Queryable,
  kind: LeafKindName,
  { cluster }: Horizon,
): Promise<{ readonly from: RowCursor; readonly isWhole: boolean }> {
  const { rows } = await client.query(
    'SELECT written_in::text AS "writtenIn", cluster FROM waxseal.log_frontier WHERE kind = $1',
    [kind],
  )
  const [frontier] = rows as { writtenIn: string; cluster: string }[]
  const isWhole = frontier !== undefined && frontier.cluster !== cluster
  return { from: { ...START, writtenIn: isWhole ? '0' : (frontier?.writtenIn ?? '0') }, isWhole }
}

export interface WrittenRecord {
  readonly record: CanonicalRecord
  readonly cursor: RowCursor
}

/** The next rows of transactions that have ended, in the order (`written_in`, id), whether they have a leaf or not. */
export async function readWritten(
  client: Queryable,
  kind: LeafKindName,
  { ended, next }: Horizon,
  { from, isWhole, limit }: { readonly from: RowCursor; readonly isWhole: boolean; readonly limit: number },
): Promise<readonly WrittenRecord[]> {
  const { table, id, time } = leafKinds[kind]
  const key = `stored.written_in, stored.${id}, stored.${time}`
  const { rows } = await client.query(
    `SELECT ${selectRecord(kind, 'stored')}, stored.written_in::text AS written_in, ${timeText(`stored.${time}`)} AS "cursor time"
       FROM waxseal.${table} AS stored
      WHERE (${key}) > ($1::xid8, $2::uuid, $3::timestamptz)
        AND (stored.written_in < $4::xid8 ${isWhole ? 'OR stored.written_in >= $6::xid8' : ''})
      ORDER BY ${key} LIMIT $5`,
    [from.writtenIn, from.id, from.time, ended, limit, ...(isWhole ? [next] : [])],
  )
  return rows.map((row) => ({
    record: recordOf(kind, row),
    cursor: { writtenIn: row.written_in as string, id: row[id] as string, time: row['cursor time'] as string },
  }))
}
