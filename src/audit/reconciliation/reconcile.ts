import { attemptStates } from './attempt-states.js'
import { type LedgerRequest, requestsOf } from './ledger-requests.js'
import { Matching } from './matching.js'
import type { AttemptDecision, EventDecision, LedgerAttempt, ReconciliationInput, TrailEvent } from './records.js'
import { shareWithCopies } from './rules/copies.js'
import { keepNeighbours } from './rules/neighbours.js'
import { classify, classifyExpected } from './rules/r0-classify.js'
import { matchRequestIds } from './rules/r1-request-id.js'
import { matchTokens } from './rules/r2-token.js'
import { matchByCount } from './rules/r3-count.js'
import { matchUnanswered } from './rules/r4-unanswered.js'
import { decideTheRest } from './rules/r5-unaccounted.js'

export interface Reconciliation {
  readonly events: ReadonlyMap<TrailEvent, EventDecision>
  readonly attempts: ReadonlyMap<LedgerAttempt, AttemptDecision>
  /** Which event accounts for which request. */
  readonly links: ReadonlyMap<LedgerRequest, TrailEvent>
  /** Events that are too many where they can only be counted, by their bucket. */
  readonly surplus: ReadonlyMap<TrailEvent, string>
  /** Identities that were seen to be the application's. */
  readonly principals: ReadonlySet<string>
}

/**
 * Finds for each event of a trail the request of ours that it is evidence of, the strongest evidence first. A function of
 * its input alone, clock included: the same records give the same result in whatever order they come.
 */
export function reconcile(given: ReconciliationInput): Reconciliation {
  const input = { ...given, events: [...given.events].sort(byTime), attempts: [...given.attempts].sort(byStart) }
  const { events, trail } = input
  const requests = requestsOf(input.attempts, trail)
  const matching = new Matching()
  keepNeighbours(matching, events, requests)
  classify(matching, input)
  if (trail.identifies.includes('request-id')) matchRequestIds(matching, events, requests)
  classifyExpected(matching, input)
  const principals = principalsOf(matching, requests, input.principals)
  if (trail.identifies.includes('token')) matchTokens(matching, events, requests, principals)
  matchByCount(matching, events, requests, principals, trail)
  matchUnanswered(matching, events, requests, principals)
  shareWithCopies(matching, input)
  decideTheRest(matching, input)
  const attempts = attemptStates(matching, input, requests)
  return { events: matching.decisions, attempts, links: matching.links, surplus: matching.surplus, principals }
}

const byTime = (a: TrailEvent, b: TrailEvent) => a.time - b.time || (a.id < b.id ? -1 : 1)
const byStart = (a: LedgerAttempt, b: LedgerAttempt) => a.startedAt - b.startedAt || (a.id < b.id ? -1 : 1)

/** As configured, as the clients say of themselves, and as the trail names whoever sent a request of ours. */
function principalsOf(
  matching: Matching,
  requests: readonly LedgerRequest[],
  configured: ReadonlySet<string>,
): ReadonlySet<string> {
  const principals = new Set(configured)
  for (const { principal } of requests) if (principal !== undefined) principals.add(principal)
  for (const event of matching.links.values()) {
    if (matching.decisions.get(event)?.confidence !== 'exact') continue
    if (event.principal !== undefined) principals.add(event.principal)
    if (event.credentialId !== undefined) principals.add(event.credentialId)
  }
  return principals
}
