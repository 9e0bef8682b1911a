import type { LedgerOperation } from '../../../kms/call-ledger.js'
import type { Queryable } from '../../../postgres/queryable.js'
import type { AttemptState, LedgerAttempt } from '../records.js'
import type { Day } from './day.js'
import { milliseconds, pagesOf, present } from './pages.js'
import type { Unit } from './unit.js'

/** A journal that is replayed twice ends an attempt twice: the first counts. */
const STATEMENT = `SELECT a.inserted_at::text AS at, a.id, a.writer, a.operation, a.kek_id AS named, e.kek_id AS used,
    ${milliseconds('a.inserted_at')} AS "insertedAt", ${milliseconds('a.started_at')} AS "startedAt",
    ${milliseconds('e.inserted_at')} AS "endInsertedAt", a.journalled OR e.journalled IS TRUE AS "isJournalled",
    ${milliseconds('e.ended_at')} AS "endedAt", e.outcome, e.error_code AS "errorCode", e.replies, s.state AS previous
  FROM waxseal.ledger_attempt a
  LEFT JOIN LATERAL (SELECT * FROM waxseal.ledger_end e WHERE e.attempt = a.id AND e.inserted_at >= a.inserted_at
    ORDER BY e.inserted_at LIMIT 1) e ON true
  LEFT JOIN waxseal.attempt_state s ON s.attempt = a.id AND s.attempt_time = a.inserted_at
  WHERE (a.inserted_at, a.id) > ($1::timestamptz, $2::uuid) AND a.inserted_at >= $1 AND a.inserted_at < $5
    AND a.provider = $4
  ORDER BY a.inserted_at, a.id LIMIT $3`

interface AttemptRow {
  readonly id: string
  readonly writer: string
  readonly operation: LedgerOperation
  readonly named?: string
  readonly used?: string
  readonly insertedAt: number
  readonly endInsertedAt?: number
  readonly isJournalled: boolean
  readonly startedAt: number
  readonly endedAt?: number
  readonly outcome?: 'succeeded' | 'failed'
  readonly errorCode?: string
  readonly replies?: readonly {
    readonly operation: string
    readonly status: string
    readonly requestId?: string
    readonly principal?: string
    readonly key?: string
    readonly at: string
  }[]
  readonly previous?: AttemptState
}

/** The attempts of a unit, by the day in which they were stored. */
export async function loadAttempts(client: Queryable, unit: Unit, day: Day): Promise<LedgerAttempt[]> {
  const attempts: LedgerAttempt[] = []
  for await (const row of pagesOf(client, STATEMENT, day.firstLook, [unit.provider, day.lastLook])) {
    const { named, used, replies = [], ...attempt } = present<AttemptRow>(row)
    const ids = [named, used].filter((id) => id !== undefined)
    const scopes = ids.map((id) => unit.trail.scopeOf({ id })).filter((scope) => scope !== undefined)
    if (scopes.length > 0 && !scopes.some((scope) => unit.scopes.includes(scope))) continue
    // Where it was sent to is not known: whoever has its event decides.
    const isElsewhere = scopes.length === 0 && !unit.isOnly
    attempts.push({
      ...attempt,
      keks: [...new Set(ids.map((id) => unit.trail.kekIdOf({ id })))],
      replies: replies.map(({ at, ...reply }) => ({ ...reply, at: Date.parse(at) })),
      isNeighbour: isElsewhere || !day.has(attempt.insertedAt),
    })
  }
  return attempts
}
