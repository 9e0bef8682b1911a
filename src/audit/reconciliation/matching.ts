import type { LedgerRequest } from './ledger-requests.js'
import type { Confidence, EventDecision, TrailEvent } from './records.js'

/** What was decided so far. An event is decided once, and a request accounts for one event. */
export class Matching {
  readonly decisions = new Map<TrailEvent, EventDecision>()
  readonly links = new Map<LedgerRequest, TrailEvent>()
  /** Requests whose id stands in an event that they cannot account for: nobody can say that they are missing. */
  readonly contested = new Set<LedgerRequest>()
  /** Where events can only be counted: the bucket of those that no attempt is left for. */
  readonly surplus = new Map<TrailEvent, string>()

  isOpen = (event: TrailEvent): boolean => !this.decisions.has(event)

  isFree = (request: LedgerRequest): boolean => !this.links.has(request)

  decide(event: TrailEvent, decision: EventDecision): void {
    this.decisions.set(event, decision)
  }

  account(event: TrailEvent, request: LedgerRequest, rule: string, confidence: Confidence): void {
    this.links.set(request, event)
    this.decide(event, { state: 'accounted', rule, confidence, attempt: request.attempts[0]!.id })
  }
}
