import type { Finding } from '../finding.js'
import type { Reconciliation } from '../reconcile.js'

const SKEW_MS = 5 * 60_000

/** Machines whose clock differs from that of the KMS: only seen where an id says which event is of which request. */
export function clockFindings({ events, links }: Reconciliation): Finding[] {
  const findings = new Map<string, Finding>()
  for (const [{ attempts, from, to }, event] of links) {
    const behind = Math.max(event.time - to, 0) - Math.max(from - event.time, 0)
    const { writer, isNeighbour } = attempts[0]!
    if (isNeighbour || Math.abs(behind) <= SKEW_MS || findings.has(writer)) continue
    if (!['exact', 'token'].includes(events.get(event)?.confidence ?? '')) continue
    findings.set(writer, {
      kind: 'clock-skew',
      severity: 'medium',
      subject: `${writer} ${new Date(from).toISOString().slice(0, 10)}`,
      occurredAt: from,
      attempt: attempts[0]!.id,
      detail: { writer, behindMs: Math.round(behind) },
    })
  }
  return [...findings.values()]
}
