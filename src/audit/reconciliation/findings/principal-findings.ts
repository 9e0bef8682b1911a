import type { Finding } from '../finding.js'
import type { Reconciliation } from '../reconcile.js'
import { about, isKnown } from './event-findings.js'

/** Identities that used a key of ours and were never seen to be the application's: one finding for each. */
export function principalFindings({ events }: Reconciliation, known: ReadonlySet<string>): Finding[] {
  const findings = new Map<string, Finding>()
  for (const [event, { state }] of events) {
    const { principal } = event
    if (event.isNeighbour || state !== 'unaccounted' || principal === undefined || isKnown(event, known)) continue
    if (findings.has(principal)) continue
    findings.set(principal, {
      ...about(event),
      kind: 'unknown-principal',
      severity: 'critical',
      subject: principal,
      detail: { operation: event.operation, outcome: event.outcome },
    })
  }
  return [...findings.values()]
}
