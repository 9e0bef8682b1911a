import { difference, isBackfilled } from '../agreement.js'
import type { LedgerRequest } from '../ledger-requests.js'
import type { Matching } from '../matching.js'
import type { TrailEvent, TrailFacts } from '../records.js'
import { matchByTime } from './match-by-time.js'

/**
 * Events without an id can be counted, and those of requests whose reply had none, as a refusal of Vault. Which of them is the one too many cannot be told, so what is found is the number of a
 * bucket; but where the trail has ids, and only some of its events do not, each is looked at by itself.
 */
export function matchByCount(
  matching: Matching,
  events: readonly TrailEvent[],
  requests: readonly LedgerRequest[],
  principals: ReadonlySet<string>,
  trail: TrailFacts,
): void {
  if (tokensAreLogged(matching)) return
  const countable = requests.filter((request) => request.answered)
  const fits = (event: TrailEvent, request: LedgerRequest) =>
    (event.requestId === undefined || request.id === undefined) &&
    (event.outcome === 'success') === request.succeeded &&
    difference(event, request, principals) === undefined &&
    !isBackfilled(request, event)
  const open = events.filter((event) => matching.isOpen(event) && event.kind === 'call')
  for (const [event, request] of matchByTime(open, countable.filter(matching.isFree), fits)) {
    matching.account(event, request, 'R3', 'count')
  }
  if (trail.identifies.includes('request-id')) return
  const known = new Set(countable.flatMap((request) => request.keks.map((kek) => `${request.operation} ${kek}`)))
  for (const event of open.filter(matching.isOpen)) {
    const { operation, kekId, principal, outcome } = event
    const isOurs = principals.size === 0 || (principal !== undefined && principals.has(principal))
    if (isOurs && known.has(`${operation} ${kekId}`)) {
      matching.surplus.set(event, bucketOf(operation, kekId, outcome === 'success'))
    }
  }
}

/** Then an event without one is not ours. What another day's pass counted is linked by now, too, and says nothing of tokens. */
function tokensAreLogged({ links, decisions }: Matching): boolean {
  return [...links].some(([{ id }, event]) => id === undefined && decisions.get(event)?.confidence === 'token')
}

export function bucketOf(operation: string, kekId: string | undefined, succeeded: boolean): string {
  return `${operation} ${kekId} ${succeeded ? 'success' : 'failure'}`
}
