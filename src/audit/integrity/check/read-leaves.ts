import type { Queryable } from '../../../postgres/queryable.js'
import type { LeafContent } from '../canonical-record.js'
import type { LeafKindName } from '../leaf-kinds.js'
import { timeText } from '../record-columns.js'

export interface StoredLeaf extends LeafContent {
  readonly position: number
  readonly hash: Buffer
}

const BATCH = 5_000

/** All leaves below `size` in the order of their positions, by keyset. */
export async function* readLeaves(client: Queryable, size: number): AsyncGenerator<readonly StoredLeaf[]> {
  for (let from = 0; from < size; ) {
    const { rows } = await client.query(
      `SELECT position, kind, record, ${timeText('record_time')} AS time, digest, hash FROM waxseal.log_leaf
        WHERE position >= $1 AND position < $2 ORDER BY position LIMIT $3`,
      [from, size, BATCH],
    )
    if (rows.length === 0) return
    const batch = rows.map((row) => ({
      position: Number(row.position),
      kind: row.kind as LeafKindName,
      id: row.record as string,
      time: row.time as string,
      digest: row.digest as Buffer,
      hash: row.hash as Buffer,
    }))
    yield batch
    from = batch.at(-1)!.position + 1
  }
}
