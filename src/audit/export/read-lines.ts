import type { Queryable } from '../../postgres/queryable.js'
import type { CanonicalRecord } from '../integrity/canonical-record.js'
import { type LeafKindName, leafKinds } from '../integrity/leaf-kinds.js'
import { proveRecords, type RecordProof } from '../integrity/prove-records.js'
import { recordOf, selectRecord } from '../integrity/record-columns.js'
import type { Found } from '../review/find.js'
import type { RecordKind } from '../review/query.js'
import { readRecords } from '../review/read-records.js'
import type { ReviewRecord } from '../review/record.js'

/** A line of `records.jsonl`: docs/audit-export-format.md. */
export interface ExportedLine extends RecordProof {
  readonly kind: LeafKindName
  readonly record: CanonicalRecord
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
  const proofs = await proveRecords(client, stored, size)
  const byRecord = new Map<string, Omit<ExportedLine, 'review'>[]>(reviews.map(({ id }) => [id, []]))
  for (const [index, { of, ...line }] of stored.entries()) byRecord.get(of)?.push({ ...line, ...proofs[index]! })
  return reviews.flatMap((review) =>
    byRecord.get(review.id)!.map((line) => (line.kind === 'end' ? line : { ...line, review })),
  )
}

async function readStored(
  client: Queryable,
  kind: LeafKindName & (RecordKind | 'end'),
  page: readonly Found[],
  match: string,
): Promise<Stored[]> {
  const { table, time } = leafKinds[kind]
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
