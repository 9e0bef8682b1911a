import { difference, isBackfilled } from '../agreement.js'
import type { LedgerRequest } from '../ledger-requests.js'
import type { Matching } from '../matching.js'
import type { TrailEvent } from '../records.js'
import { matchByTime } from './match-by-time.js'

/**
 * After a timeout or a crash nobody knows whether the request arrived. An event of that time, key and identity says that it
 * did. Without this rule each of them would be an alarm; with it, a call from outside at that very time can hide behind one.
 */
export function matchUnanswered(
  matching: Matching,
  events: readonly TrailEvent[],
  requests: readonly LedgerRequest[],
  principals: ReadonlySet<string>,
): void {
  const fits = (event: TrailEvent, request: LedgerRequest) =>
    difference(event, request, principals) === undefined && !isBackfilled(request, event)
  const unanswered = requests.filter((request) => !request.answered && matching.isFree(request))
  // Those with a key first: one that names none could be anybody's.
  for (const some of [unanswered.filter(hasKey), unanswered.filter((request) => !hasKey(request))]) {
    const open = events.filter((event) => matching.isOpen(event) && event.kind === 'call')
    for (const [event, request] of matchByTime(open, some, fits)) {
      matching.account(event, request, 'R4', 'unanswered')
    }
  }
}

const hasKey = ({ keks }: LedgerRequest) => keks.length > 0
