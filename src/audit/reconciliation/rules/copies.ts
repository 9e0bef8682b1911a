import type { Matching } from '../matching.js'
import type { EventDecision, ReconciliationInput } from '../records.js'

/** One action that is logged in the accounts of caller and owner has one request: what accounts for one copy does for each. */
export function shareWithCopies(matching: Matching, { events, copiesElsewhere }: ReconciliationInput): void {
  const accounted = new Map<string, EventDecision>()
  for (const [{ copyGroup }, decision] of matching.decisions) {
    if (copyGroup !== undefined && decision.state === 'accounted') accounted.set(copyGroup, decision)
  }
  for (const event of events.filter(matching.isOpen)) {
    if (event.copyGroup === undefined) continue
    const attempt = copiesElsewhere.get(event.copyGroup)
    const decision =
      accounted.get(event.copyGroup) ?? (attempt !== undefined && ({ state: 'accounted', attempt } as const))
    if (decision) matching.decide(event, { ...decision, rule: 'R0', confidence: 'exact', reason: 'copy' })
  }
}
