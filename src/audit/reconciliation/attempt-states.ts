import type { LedgerRequest } from './ledger-requests.js'
import type { Matching } from './matching.js'
import type { AttemptDecision, LedgerAttempt, ReconciliationInput } from './records.js'

/** What becomes of an attempt once its requests were matched. */
export function attemptStates(
  matching: Matching,
  input: ReconciliationInput,
  requests: readonly LedgerRequest[],
): Map<LedgerAttempt, AttemptDecision> {
  const own = new Map<LedgerAttempt, LedgerRequest[]>(input.attempts.map((attempt) => [attempt, []]))
  for (const request of requests) for (const attempt of request.attempts) own.get(attempt)?.push(request)
  return new Map([...own].map(([attempt, requestsOfIt]) => [attempt, stateOf(attempt, requestsOfIt, matching, input)]))
}

function stateOf(
  attempt: LedgerAttempt,
  requests: readonly LedgerRequest[],
  matching: Matching,
  { trail, now, coverage }: ReconciliationInput,
): AttemptDecision {
  if (trail.isLedgerOnly || requests.length === 0) return { state: 'not_expected' }
  // A reply to something that the trail leaves out is no promise of an event.
  const logged = trail.requests[attempt.operation]
  const answered = requests.filter((request) => request.answered && logged.includes(request.operation))
  const last = Math.max(...requests.map(({ to }) => to))
  const suspectAt = last + trail.delays.suspectAfterMs
  const missingAt = last + trail.delays.missingAfterMs
  if (answered.length === 0) {
    const link = requests.find((request) => matching.links.has(request))
    if (link) return matched(attempt, matching, link)
    if (requests.every((request) => request.answered)) return { state: 'not_expected' }
    // Whether it ever arrived was never known: that there is no event says nothing about the trail.
    return { state: now < suspectAt ? 'open' : now < missingAt ? 'unconfirmed' : 'not_delivered' }
  }
  const unmatched = answered.filter(matching.isFree)
  if (unmatched.length === 0) return matched(attempt, matching, answered[0]!)
  if (now < suspectAt) return { state: 'open' }
  if (unmatched.every((request) => matching.contested.has(request))) return { state: 'unverifiable', rule: 'R1' }
  const first = Math.min(...unmatched.map(({ from }) => from))
  if (now >= missingAt) return { state: coverage.spans(first, last, missingAt) ? 'missing' : 'unverifiable' }
  return { state: coverage.spans(first, last, suspectAt) ? 'missing_suspected' : 'open' }
}

function matched(attempt: LedgerAttempt, matching: Matching, request: LedgerRequest): AttemptDecision {
  const rule = matching.decisions.get(matching.links.get(request)!)?.rule
  const wasMissing = attempt.previous === 'missing' || attempt.previous === 'resolved_late'
  return { state: wasMissing ? 'resolved_late' : 'matched', ...(rule !== undefined && { rule }) }
}
