import type { LedgerRequest } from '../ledger-requests.js'
import type { Matching } from '../matching.js'
import type { TrailEvent } from '../records.js'

/**
 * What another day's pass decided stands, so that two days never count one request twice. Records of this day are decided
 * anew, unless their partner belongs to another.
 */
export function keepNeighbours(
  matching: Matching,
  events: readonly TrailEvent[],
  requests: readonly LedgerRequest[],
): void {
  if (events.every(({ previous }) => previous === undefined)) return
  const byAttempt = new Map<string, LedgerRequest[]>()
  for (const request of requests) {
    for (const { id } of request.attempts) byAttempt.set(id, [...(byAttempt.get(id) ?? []), request])
  }
  for (const event of events) {
    const { previous } = event
    if (!previous || previous.state === 'pending') continue
    if (previous.state !== 'accounted') {
      if (event.isNeighbour) matching.decide(event, previous)
      continue
    }
    const request = (byAttempt.get(previous.attempt ?? '') ?? [])
      .filter(matching.isFree)
      .filter(({ operation }) => operation === event.operation)
      .sort((a, b) => Number(b.id === event.requestId) - Number(a.id === event.requestId))[0]
    if (!event.isNeighbour && !request?.attempts.every((attempt) => attempt.isNeighbour)) continue
    if (request && previous.reason !== 'copy') matching.links.set(request, event)
    matching.decide(event, previous)
  }
}
