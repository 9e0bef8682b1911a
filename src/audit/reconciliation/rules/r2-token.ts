import { difference, isBackfilled } from '../agreement.js'
import type { LedgerRequest } from '../ledger-requests.js'
import type { Matching } from '../matching.js'
import type { TrailEvent } from '../records.js'

/** Clocks may differ. A token that is seen later than this is not the call that it was made for. */
const DRIFT_MS = 15 * 60_000

/**
 * The caller wrote the token of its attempt into the request. Anyone could have: it accounts for one event of each request of
 * that attempt, and not where the KMS gave the request another id.
 */
export function matchTokens(
  matching: Matching,
  events: readonly TrailEvent[],
  requests: readonly LedgerRequest[],
  principals: ReadonlySet<string>,
): void {
  const byToken = new Map<string, LedgerRequest[]>()
  for (const request of requests) {
    for (const { id } of request.attempts) byToken.set(id, [...(byToken.get(id) ?? []), request])
  }
  for (const event of events.filter(matching.isOpen)) {
    const claimed = event.callToken === undefined ? undefined : byToken.get(event.callToken)
    if (!claimed) continue
    const agreeing = claimed.filter(
      (request) => difference(event, request, principals) === undefined && isNear(event, request),
    )
    const free = agreeing.filter((each) => matching.isFree(each) && !hasOtherId(each, event))
    const request = free.find((each) => !isBackfilled(each, event))
    if (request) matching.account(event, request, 'R2', 'token')
    else {
      const reason = free.length > 0 ? 'backfilled' : agreeing.length > 0 ? 'token-replay' : 'token-forged'
      matching.decide(event, { state: 'unaccounted', rule: 'R2', reason, attempt: event.callToken as string })
    }
  }
}

const isNear = ({ time }: TrailEvent, { from, to }: LedgerRequest) => time >= from - DRIFT_MS && time <= to + DRIFT_MS

/** Where the event has none, nothing speaks against the token. */
const hasOtherId = ({ id }: LedgerRequest, { requestId }: TrailEvent) => id !== undefined && requestId !== undefined
