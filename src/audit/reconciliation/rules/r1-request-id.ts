import { difference, isBackfilled } from '../agreement.js'
import type { LedgerRequest } from '../ledger-requests.js'
import type { Matching } from '../matching.js'
import type { TrailEvent } from '../records.js'

const ANYBODY: ReadonlySet<string> = new Set()

/** The KMS made the id, and told it to us and to its trail. Clocks may differ; everything else has to agree. */
export function matchRequestIds(
  matching: Matching,
  events: readonly TrailEvent[],
  requests: readonly LedgerRequest[],
): void {
  const byId = new Map(requests.flatMap((request) => (request.id === undefined ? [] : [[request.id, request]])))
  for (const event of events.filter(matching.isOpen)) {
    const request = event.requestId === undefined ? undefined : byId.get(event.requestId)
    if (!request) continue
    if (isCopy(event, matching.links.get(request))) continue
    const contradicts = (state: 'conflict' | 'unaccounted', reason: string) => {
      matching.contested.add(request)
      matching.decide(event, { state, rule: 'R1', reason, attempt: request.attempts[0]!.id })
    }
    const differs = difference(event, request, ANYBODY)
    if (differs !== undefined) contradicts('conflict', `another-${differs}`)
    else if (!matching.isFree(request)) contradicts('conflict', 'replay')
    else if (isBackfilled(request, event)) contradicts('unaccounted', 'backfilled')
    else matching.account(event, request, 'R1', 'exact')
  }
}

const isCopy = ({ copyGroup }: TrailEvent, other: TrailEvent | undefined) =>
  copyGroup !== undefined && copyGroup === other?.copyGroup
