import type { Queryable } from '../../postgres/queryable.js'
import type { CanonicalRecord } from '../integrity/canonical-record.js'
import { recordOf, selectRecord, timeText } from '../integrity/read-records.js'
import { type RecordKindName, recordKinds } from '../integrity/record-kinds.js'
import { proveInclusion } from '../integrity/tree.js'
import type { Found } from '../review/find.js'
import type { RecordKind } from '../review/query.js'
import { readRecords } from '../review/read-records.js'
import type { ReviewRecord } from '../review/record.js'

/** A line of `records.jsonl`: docs/audit-export-format.md. */
export interface ExportedLine {
  readonly kind: RecordKindName
  readonly record: CanonicalRecord
  readonly leaf: { readonly position: number } | null
  readonly proof: readonly string[]
  readonly raw?: string
  /** As a search shows it; not proven. An end has none of its own. */
  readonly review?: ReviewRecord
}

type Stored = Pick<ExportedLine, 'kind' | 'record' | 'raw'> & { readonly of: string }

/** The records that were found, each attempt with its ends, with their proofs for a log of `size` leaves. */
export async function readLines(client: Queryable, found: readonly Found[], size: number): Promise<ExportedLine[]> {
  const reviews = await readRecords(client, found)
  const stored: Stored[] = []
  for (const kind of new Set(found.map((each) => each.kind))) {
    const page = found.filter((each) => each.kind === kind)
    stored.push(...(await readStored(client, kind, page, 'r.id = page.id')))
    if (kind === 'attempt') stored.push(...(await readStored(client, 'end', page, 'r.attempt = page.id')))
  }
  const proofs = await proofsOf(client, stored, size)
  const byRecord = new Map<string, Omit<ExportedLine, 'review'>[]>(reviews.map(({ id }) => [id, []]))
  for (const [index, { of, ...line }] of stored.entries()) byRecord.get(of)?.push({ ...line, ...proofs[index]! })
  return reviews.flatMap((review) =>
    byRecord.get(review.id)!.map((line) => (line.kind === 'end' ? line : { ...line, review })),
  )
}

async function readStored(
  client: Queryable,
  kind: RecordKindName & (RecordKind | 'end'),
  page: readonly Found[],
  match: string,
): Promise<Stored[]> {
  const { table, time } = recordKinds[kind]
  const times = page.map((each) => each.time).sort()
  const { rows } = await client.query(
    `SELECT page.id AS "of record", ${kind === 'event' ? 'r.raw' : 'NULL'} AS "raw text", ${selectRecord(kind, 'r')}
  FROM unnest($1::uuid[], $2::text[]) page (id, time)
  JOIN waxseal.${table} r ON ${match} AND r.${time} >= page.time::timestamptz AND r.${time} BETWEEN $3::timestamptz AND $4::timestamptz
  ORDER BY r.${time}`,
    // An end comes later than its attempt, however much.
    [page.map(({ id }) => id), page.map((each) => each.time), times[0], kind === 'end' ? 'infinity' : times.at(-1)],
  )
  return rows.map((row) => {
    const raw = row['raw text'] as string | null
    return { of: row['of record'] as string, kind, record: recordOf(kind, row), ...(raw !== null && { raw }) }
  })
}

async function proofsOf(client: Queryable, stored: readonly Stored[], size: number) {
  const positions = await positionsOf(client, stored, size)
  const proven = positions.filter((position) => position !== undefined)
  const paths = proven.length === 0 ? [] : await proveInclusion(client, proven, size)
  const pathOf = new Map(proven.map((position, index) => [position, paths[index]!]))
  return positions.map((position) => {
    if (position === undefined) return { leaf: null, proof: [] }
    return { leaf: { position }, proof: pathOf.get(position)!.map((hash) => hash.toString('base64')) }
  })
}

/** Undefined where the checkpoint was signed before the record was appended. */
async function positionsOf(
  client: Queryable,
  stored: readonly Stored[],
  size: number,
): Promise<(number | undefined)[]> {
  const keyOf = (kind: string, id: unknown, time: unknown) => `${kind} ${id} ${time}`
  const { rows } = await client.query(
    `SELECT kind, record, ${timeText('record_time')} AS time, position::float8 AS position FROM waxseal.log_leaf
  WHERE record = ANY ($1::uuid[]) AND position < $2`,
    [stored.map(({ kind, record }) => record[recordKinds[kind].id]), size],
  )
  const positions = new Map(
    rows.map(({ kind, record, time, position }) => [keyOf(String(kind), record, time), position]),
  )
  return stored.map(({ kind, record }) => {
    const { id, time } = recordKinds[kind]
    return positions.get(keyOf(kind, record[id], record[time])) as number | undefined
  })
}
