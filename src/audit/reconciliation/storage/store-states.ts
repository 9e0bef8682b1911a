import { uuidV7 } from '../../../kms/uuid-v7.js'
import type { Queryable } from '../../../postgres/queryable.js'
import type { Reconciliation } from '../reconcile.js'
import type { EventDecision, LedgerAttempt, TrailEvent } from '../records.js'
import type { Day } from './day.js'

const ROWS = 5_000

/** What changed: states as they are now, and each change for good. Returns how many. */
export async function storeStates(client: Queryable, result: Reconciliation, day: Day): Promise<number> {
  const partners = partnersOf(result)
  const events = [...result.events].filter(
    ([event, decision]) => (!event.isNeighbour || partners.events.has(event)) && isNews(event.previous, decision),
  )
  const attempts = [...result.attempts].filter(
    ([attempt, { state }]) => (!attempt.isNeighbour || partners.attempts.has(attempt)) && state !== attempt.previous,
  )
  // Without these times every month would be searched.
  const times = [day.firstLook, day.lastLook]
  await inParts(events, (part) => client.query(EVENTS, [...times, JSON.stringify(part.map(eventRow))]))
  await inParts(attempts, (part) => client.query(ATTEMPTS, [...times, JSON.stringify(part.map(attemptRow))]))
  return events.length + attempts.length
}

/** Records of other days that one of this day was matched with. */
function partnersOf({ links }: Reconciliation) {
  const events = new Set<TrailEvent>()
  const attempts = new Set<LedgerAttempt>()
  for (const [request, event] of links) {
    if (request.attempts.some((attempt) => !attempt.isNeighbour)) events.add(event)
    if (!event.isNeighbour) for (const attempt of request.attempts) attempts.add(attempt)
  }
  return { events, attempts }
}

const MEMBERS = ['state', 'rule', 'confidence', 'attempt', 'reason'] as const

function isNews(previous: EventDecision | undefined, decision: EventDecision): boolean {
  return MEMBERS.some((member) => previous?.[member] !== decision[member])
}

const eventRow = ([event, decision]: readonly [TrailEvent, EventDecision]) => ({
  id: event.id,
  old: event.previous?.state,
  ...decision,
  change: uuidV7(Date.now()),
})

const attemptRow = ([attempt, decision]: readonly [
  LedgerAttempt,
  { readonly state: string; readonly rule?: string },
]) => ({
  id: attempt.id,
  old: attempt.previous,
  ...decision,
  change: uuidV7(Date.now()),
})

const EVENTS = `WITH given AS (
    SELECT e.event_time AS at, g.* FROM jsonb_to_recordset($3::jsonb)
      AS g (id uuid, old text, state text, rule text, confidence text, attempt uuid, reason text, change uuid)
    JOIN waxseal.audit_event e ON e.id = g.id AND e.event_time >= $1 AND e.event_time < $2
  ), stored AS (
    INSERT INTO waxseal.event_state (event, event_time, state, rule, confidence, attempt, reason)
    SELECT id, at, state, rule, confidence, attempt, reason FROM given
    ON CONFLICT (event, event_time) DO UPDATE SET state = excluded.state, rule = excluded.rule,
      confidence = excluded.confidence, attempt = excluded.attempt, reason = excluded.reason,
      decided_at = clock_timestamp()
  )
  INSERT INTO waxseal.state_change (id, subject, subject_id, subject_time, old_state, new_state, rule, detail)
  SELECT change, 'event', id, at, old, state, rule, jsonb_strip_nulls(jsonb_build_object('confidence', confidence,
    'attempt', attempt, 'reason', reason)) FROM given`

const ATTEMPTS = `WITH given AS (
    SELECT a.inserted_at AS at, g.* FROM jsonb_to_recordset($3::jsonb)
      AS g (id uuid, old text, state text, rule text, change uuid)
    JOIN waxseal.ledger_attempt a ON a.id = g.id AND a.inserted_at >= $1 AND a.inserted_at < $2
  ), stored AS (
    INSERT INTO waxseal.attempt_state (attempt, attempt_time, state, rule)
    SELECT id, at, state, rule FROM given
    ON CONFLICT (attempt, attempt_time) DO UPDATE SET state = excluded.state, rule = excluded.rule,
      decided_at = clock_timestamp()
  )
  INSERT INTO waxseal.state_change (id, subject, subject_id, subject_time, old_state, new_state, rule)
  SELECT change, 'attempt', id, at, old, state, rule FROM given`

async function inParts<T>(all: readonly T[], store: (part: readonly T[]) => Promise<unknown>): Promise<void> {
  for (let at = 0; at < all.length; at += ROWS) await store(all.slice(at, at + ROWS))
}
