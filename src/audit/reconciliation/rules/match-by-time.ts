import type { LedgerRequest } from '../ledger-requests.js'
import type { TrailEvent } from '../records.js'

/** How far the clocks of a KMS and of a machine may differ where nothing but time tells requests apart. */
export const SKEW_MS = 2_000

/**
 * Events against the times in which requests were on their way, the one that ends first first: no other order finds a partner
 * for more events. `fits` has to hold of either all or none of the requests that are alike.
 */
export function matchByTime(
  events: readonly TrailEvent[],
  requests: readonly LedgerRequest[],
  fits: (event: TrailEvent, request: LedgerRequest) => boolean,
): [TrailEvent, LedgerRequest][] {
  const coming = [...requests].sort((a, b) => a.from - b.from)
  const active: LedgerRequest[] = []
  const pairs: [TrailEvent, LedgerRequest][] = []
  let next = 0
  for (const event of [...events].sort((a, b) => a.time - b.time)) {
    for (; next < coming.length && coming[next]!.from - SKEW_MS <= event.time; next++) insert(active, coming[next]!)
    while (active.length > 0 && active[0]!.to + SKEW_MS < event.time) active.shift()
    const found = active.findIndex((request) => fits(event, request))
    if (found !== -1) pairs.push([event, active.splice(found, 1)[0]!])
  }
  return pairs
}

function insert(sorted: LedgerRequest[], request: LedgerRequest): void {
  const at = sorted.findLastIndex(({ to }) => to <= request.to)
  sorted.splice(at + 1, 0, request)
}
