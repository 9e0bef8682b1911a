import type { Matching } from '../matching.js'
import type { ReconciliationInput, TrailEvent } from '../records.js'

/** What the provider did by itself, and events that a later one corrects. */
export function classify(matching: Matching, { events }: ReconciliationInput): void {
  const corrected = new Set(events.flatMap(({ supersedes }) => supersedes ?? []))
  for (const event of events.filter(matching.isOpen)) {
    if (corrected.has(event.uid)) matching.decide(event, { state: 'superseded', rule: 'R0' })
    else if (event.kind === 'service' || event.kind === 'lifecycle') {
      matching.decide(event, { state: 'provider_initiated', rule: 'R0' })
    }
  }
}

/**
 * What nobody of ours asked for and what says nothing. After the request ids: an event that the ledger knows exactly is no
 * noise, and its request would be missed.
 */
export function classifyExpected(matching: Matching, { events, keks: named }: ReconciliationInput): void {
  // A key that a request of ours used is ours too, also one that no attempt names, such as the one that signs wraps.
  const keks = new Set(named)
  for (const { kekId } of matching.links.values()) if (kekId !== undefined) keks.add(kekId)
  for (const event of events.filter(matching.isOpen)) {
    if (event.kind !== 'call') continue
    if (event.expectedBy !== undefined) {
      matching.decide(event, { state: 'expected', rule: 'R0', reason: event.expectedBy })
    } else if (isOfOthers(event, keks)) {
      matching.decide(event, { state: 'expected', rule: 'R0', reason: 'another-key' })
    }
  }
}

/** Other applications use other keys of the same account. Without a key, only a look-up is known to concern no key of ours. */
function isOfOthers({ kekId, sourceKekId, operationClass }: TrailEvent, keks: ReadonlySet<string>): boolean {
  if (kekId === undefined) return operationClass === 'read' || operationClass === 'random'
  return !keks.has(kekId) && !(sourceKekId !== undefined && keks.has(sourceKekId))
}
