import type { Queryable } from '../../postgres/queryable.js'
import type { CanonicalRecord } from './canonical-record.js'
import { type LeafKindName, leafKinds } from './leaf-kinds.js'
import { timeText } from './record-columns.js'
import { proveInclusion } from './tree.js'

/** As on a line of `records.jsonl`; see `docs/audit-export-format.md`. */
export interface RecordProof {
  /** `null` where the log did not hold the record when it had this size. */
  readonly leaf: { readonly position: number } | null
  /** In base64, the lowest node first. */
  readonly proof: readonly string[]
}

/** For each record, in their order, that it stands in the log of `size` leaves. Best for at most 1,000 at a time. */
export async function proveRecords(
  client: Queryable,
  records: readonly { readonly kind: LeafKindName; readonly record: CanonicalRecord }[],
  size: number,
): Promise<readonly RecordProof[]> {
  const positions = await readPositions(client, records, size)
  const proven = positions.filter((position) => position !== undefined)
  const paths = await proveInclusion(client, proven, size)
  const pathOf = new Map(proven.map((position, at) => [position, paths[at]!]))
  return positions.map((position) => {
    if (position === undefined) return { leaf: null, proof: [] }
    return { leaf: { position }, proof: pathOf.get(position)!.map((hash) => hash.toString('base64')) }
  })
}

async function readPositions(
  client: Queryable,
  records: readonly { readonly kind: LeafKindName; readonly record: CanonicalRecord }[],
  size: number,
): Promise<readonly (number | undefined)[]> {
  const nameOf = (kind: string, id: unknown, time: unknown) => `${kind} ${id} ${time}`
  const { rows } = await client.query(
    `SELECT kind, record, ${timeText('record_time')} AS time, position FROM waxseal.log_leaf
      WHERE record = ANY ($1::uuid[]) AND position < $2`,
    [records.map(({ kind, record }) => record[leafKinds[kind].id]), size],
  )
  const positions = new Map(rows.map((row) => [nameOf(row.kind as string, row.record, row.time), Number(row.position)]))
  return records.map(({ kind, record }) => {
    const { id, time } = leafKinds[kind]
    return positions.get(nameOf(kind, record[id], record[time]))
  })
}
