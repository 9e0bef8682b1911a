import { LogInconsistentError } from '../../errors.js'
import { inTransaction } from '../../postgres/in-transaction.js'
import type { Queryable } from '../../postgres/queryable.js'
import { leafContentOf, leafOf } from './canonical-record.js'
import type { HashedSubtree } from './compact-range.js'
import { type LeafKindName, leafKindNames } from './leaf-kinds.js'
import { readRange, readSize, STORED_LEVEL } from './tree.js'
import { type RowCursor, readFrontier, readHorizon, readWritten, type WrittenRecord } from './unappended.js'

export interface AppendOptions {
  /** How many rows one transaction looks at. Default 10,000. */
  readonly batchSize?: number
  /** Told how many leaves a batch added. */
  readonly onAppended?: (leaves: number) => void
  /** Ends it between two batches. Default: nothing does. */
  readonly signal?: AbortSignal
}

export interface Appended {
  readonly leaves: number
  /** Of the log, afterwards. */
  readonly size: number
}

const BATCH = 10_000

/**
 * Gives every record of a transaction that has ended its leaf. Appenders may run side by side: one works at a time, for one
 * batch. `client` is one connection, in no transaction.
 */
export async function appendLeaves(client: Queryable, options: AppendOptions = {}): Promise<Appended> {
  const { batchSize = BATCH, onAppended, signal } = options
  let leaves = 0
  for (const kind of leafKindNames) {
    let from: RowCursor | undefined
    do {
      signal?.throwIfAborted()
      const batch = await inTransaction(client, () => appendBatch(client, kind, from, batchSize))
      if (batch.leaves > 0) onAppended?.(batch.leaves)
      leaves += batch.leaves
      from = batch.next
    } while (from)
  }
  return { leaves, size: await readSize(client) }
}

/** For the rest of the transaction, whoever else appends or signs waits. */
export async function lockLog(client: Queryable): Promise<void> {
  await client.query(`SELECT pg_advisory_xact_lock(hashtextextended('waxseal audit log', 0))`)
}

/** `next`: where to go on, unless all has been seen. */
async function appendBatch(client: Queryable, kind: LeafKindName, after: RowCursor | undefined, limit: number) {
  await lockLog(client)
  const horizon = await readHorizon(client)
  const { from, isWhole } = await readFrontier(client, kind, horizon)
  const rows = await readWritten(client, kind, horizon, { from: after ?? from, isWhole, limit })
  const leaves = await append(client, kind, await withoutLeaf(client, kind, rows))
  const last = rows.length === limit ? rows.at(-1)?.cursor : undefined
  // Rows of another cluster are not in the order of this one's transactions: until all are seen, the frontier says nothing.
  if (!last || !isWhole) {
    await client.query(
      `INSERT INTO waxseal.log_frontier (kind, written_in, cluster) VALUES ($1, $2::xid8, $3)
        ON CONFLICT (kind) DO UPDATE SET written_in = excluded.written_in, cluster = excluded.cluster`,
      [kind, last?.writtenIn ?? horizon.ended, horizon.cluster],
    )
  }
  return { leaves, next: last }
}

/** A transaction may be cut by the end of a batch, and is begun again with the next: what was appended is left out. */
async function withoutLeaf(client: Queryable, kind: LeafKindName, rows: readonly WrittenRecord[]) {
  if (rows.length === 0) return rows
  const { rows: found } = await client.query(
    `SELECT n::int - 1 AS at FROM unnest($2::uuid[], $3::timestamptz[]) WITH ORDINALITY AS row (id, time, n)
      WHERE EXISTS (SELECT FROM waxseal.log_leaf WHERE record = id AND log_leaf.kind = $1 AND record_time = time)`,
    [kind, rows.map(({ cursor }) => cursor.id), rows.map(({ cursor }) => cursor.time)],
  )
  const appended = new Set(found.map(({ at }) => at as number))
  return rows.filter((_, at) => !appended.has(at))
}

async function append(client: Queryable, kind: LeafKindName, rows: readonly WrittenRecord[]): Promise<number> {
  if (rows.length === 0) return 0
  const first = await readSize(client)
  await assertNotShortened(client, first)
  const range = await readRange(client, first)
  const contents = rows.map(({ record }) => leafContentOf(kind, record)!)
  const hashes = contents.map(leafOf)
  const nodes = hashes.flatMap((hash) => range.append(hash)).filter(({ level }) => level >= STORED_LEVEL)
  await client.query(
    `INSERT INTO waxseal.log_leaf (position, kind, record, record_time, digest, hash)
      SELECT $1::bigint + n - 1, $2, id, time, digest, hash
        FROM unnest($3::uuid[], $4::timestamptz[], $5::bytea[], $6::bytea[]) WITH ORDINALITY AS leaf (id, time, digest, hash, n)`,
    [
      ...[first, kind, contents.map(({ id }) => id), contents.map(({ time }) => time)],
      ...[contents.map(({ digest }) => digest), hashes],
    ],
  )
  await storeNodes(client, nodes)
  return rows.length
}

async function storeNodes(client: Queryable, nodes: readonly HashedSubtree[]): Promise<void> {
  if (nodes.length === 0) return
  await client.query(
    `INSERT INTO waxseal.log_node (level, index, hash)
      SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::bytea[])`,
    [nodes.map(({ level }) => level), nodes.map(({ index }) => index), nodes.map(({ hash }) => hash)],
  )
}

/** Other leaves at positions that were signed would be a fork. */
async function assertNotShortened(client: Queryable, size: number): Promise<void> {
  const { rows } = await client.query('SELECT coalesce(max(size), 0) AS signed FROM waxseal.log_checkpoint')
  const signed = Number(rows[0]!.signed)
  if (size >= signed) return
  throw new LogInconsistentError(
    `expected a log of at least ${signed} leaves, as its last checkpoint says, found ${size}; nothing is appended. "waxseal audit check" says what is missing`,
  )
}
