import { type Clock, systemClock } from '../../kms/clock.js'
import { pause } from '../../kms/pause.js'
import type { Queryable } from '../../postgres/queryable.js'
import { instant } from '../instant.js'
import { readHorizon } from '../integrity/unappended.js'
import { type Found, type Place, unionOf } from './find.js'
import { type CheckedQuery, checkedQuery, type RecordFilters, type RecordKind } from './query.js'
import { readRecords } from './read-records.js'
import type { ReviewRecord } from './record.js'
import { recordReview } from './record-review.js'

/** Which records are followed; all by default. */
export interface TailQuery extends RecordFilters {
  readonly kinds?: readonly RecordKind[]
}

export interface TailSettings {
  /** Ends it. */
  readonly signal: AbortSignal
  /** Between two looks. Default: a second. */
  readonly intervalMs?: number
  readonly clock?: Clock
}

/** Where a look ended: the transactions before it, and of it the records before this one. */
interface Mark {
  readonly writtenIn: string
  readonly id: string
}

const LOOK = 500
const FIRST = '00000000-0000-0000-0000-000000000000'

/**
 * Records as they are stored from now on, in batches: those of a transaction only once all before it have ended, so that none
 * is passed over, however late it commits. That it is followed is itself the first record. In the order of storing, which of events is not that of their times.
 */
export async function* tailRecords(
  client: Queryable,
  query: TailQuery,
  { signal, intervalMs = 1_000, clock = systemClock }: TailSettings,
): AsyncGenerator<readonly ReviewRecord[], undefined> {
  const checked = checkedQuery(query)
  const { kinds, filters } = checked
  let mark: Mark = { writtenIn: (await readHorizon(client)).ended, id: FIRST }
  await recordReview(client, 'tail', { kinds, filters: Object.fromEntries(filters) })
  while (!signal.aborted) {
    const { ended: horizon } = await readHorizon(client)
    const found = await look(client, checked, mark, horizon)
    if (found.length > 0) yield await readRecords(client, found)
    const last = found.at(-1)
    mark = found.length === LOOK && last ? last : { writtenIn: horizon, id: FIRST }
    // Whoever ends it is not told that it ended.
    if (found.length < LOOK) await pause(intervalMs, clock, signal).catch(() => undefined)
  }
}

async function look(client: Queryable, query: CheckedQuery, mark: Mark, horizon: string): Promise<(Found & Mark)[]> {
  const place: Place = {
    isByTime: false,
    // In all months: what is stored now may have happened long ago.
    since: () => 'true',
    window: () => 'true',
    behind: (_, bind) => `r.written_in >= ${bind(mark.writtenIn)}::xid8 AND r.written_in < ${bind(horizon)}::xid8
      AND (r.written_in, r.id) > (${bind(mark.writtenIn)}::xid8, ${bind(mark.id)}::uuid)`,
  }
  const { text, values } = unionOf(query, place, () => `ORDER BY r.written_in, r.id LIMIT ${LOOK}`)
  const { rows } = await client.query(
    `SELECT kind, id, ${instant('time')} AS time, written_in::text AS "writtenIn"
  FROM (${text}) found ORDER BY found.written_in, id LIMIT ${LOOK}`,
    [...values],
  )
  return rows as unknown as (Found & Mark)[]
}
