import { ConfigurationError } from '../../errors.js'
import type { Queryable } from '../../postgres/queryable.js'
import { cursorAfter, readCursor } from './cursor.js'
import { countStatement, find, findStatement } from './find.js'
import { type AuditQuery, checkedQuery } from './query.js'
import { readRecords } from './read-records.js'
import type { ReviewRecord } from './record.js'
import { recordReview } from './record-review.js'

export interface AuditPage {
  /** The newest first. */
  readonly records: readonly ReviewRecord[]
  readonly from: Date
  readonly to: Date
  /** Of the next page; absent on the last. */
  readonly cursor?: string
}

export interface AuditCount {
  readonly count: number
  /** There are more than are counted: an exact number of many rows takes too long to wait for. */
  readonly isMore: boolean
}

const LARGEST_PAGE = 1_000
const COUNTED = 10_000

/** One page of what is found, which is also written down as a view of the audit by the role of the connection. */
export async function searchAudit(
  client: Queryable,
  query: AuditQuery,
  page: { readonly limit?: number; readonly cursor?: string } = {},
): Promise<AuditPage> {
  const { limit = 50, cursor } = page
  assertCount('limit', limit, LARGEST_PAGE)
  const asked = checkedQuery(query)
  const { query: checked, after } =
    cursor === undefined ? { query: asked, after: undefined } : readCursor(asked, cursor)
  const found = await find(client, findStatement(checked, limit + 1, after))
  const shown = found.slice(0, limit)
  const records = await readRecords(client, shown)
  const { from, to, kinds, filters } = checked
  // Before anything is handed out: who may not write it down sees nothing.
  await recordReview(client, 'search', {
    from,
    to,
    kinds,
    filters: Object.fromEntries(filters),
    records: records.length,
  })
  const last = shown.at(-1)
  return { records, from, to, ...(found.length > limit && last && { cursor: cursorAfter(checked, last) }) }
}

/** How many a search finds, up to `most`: 10,000 unless it says otherwise. */
export async function countAudit(client: Queryable, query: AuditQuery, most = COUNTED): Promise<AuditCount> {
  assertCount('most', most, Number.MAX_SAFE_INTEGER)
  const { text, values } = countStatement(checkedQuery(query), most)
  const { rows } = await client.query(text, [...values])
  const count = rows[0]!['count'] as number
  return { count: Math.min(count, most), isMore: count > most }
}

/** It becomes a part of the statement. */
function assertCount(name: string, count: number, most: number): void {
  if (Number.isInteger(count) && count >= 1 && count <= most) return
  throw new ConfigurationError(`${name}: expected a whole number from 1 to ${most}, found ${String(count)}`)
}
