import type { Finding, FindingKind, Severity } from '../finding.js'
import type { Reconciliation } from '../reconcile.js'
import type { EventDecision, TrailEvent } from '../records.js'

const KEY_CHANGES = new Set([
  'key-disable',
  'key-delete',
  'key-enable',
  'key-restore',
  'key-rotate',
  'key-update',
  'policy',
])
const ALWAYS_CRITICAL = new Set(['policy', 'key-disable', 'key-delete', 'logging'])

/** Events that nothing of ours accounts for. `known`: identities that ever were accounted for. */
export function eventFindings({ events, surplus }: Reconciliation, known: ReadonlySet<string>): Finding[] {
  return [...events].flatMap(([event, decision]) => {
    if (event.isNeighbour || surplus.has(event)) return []
    if (decision.state !== 'unaccounted' && decision.state !== 'conflict') return []
    return {
      ...about(event),
      kind: kindOf(event, decision),
      severity: severityOf(event, known),
      detail: detailOf(event, decision),
    }
  })
}

function kindOf({ kind, operationClass }: TrailEvent, { state, reason }: EventDecision): FindingKind {
  if (kind === 'logging') return 'logging-changed'
  if (reason === 'replay' || reason === 'token-replay') return 'replay'
  if (state === 'conflict') return 'conflict'
  return KEY_CHANGES.has(operationClass) ? 'key-changed' : 'unaccounted'
}

/** Where nothing says who the application is, nobody is a stranger. */
export function isKnown({ principal, credentialId }: TrailEvent, known: ReadonlySet<string>): boolean {
  return known.size === 0 || [principal, credentialId].some((name) => name !== undefined && known.has(name))
}

function severityOf(event: TrailEvent, known: ReadonlySet<string>): Severity {
  if (event.kind === 'logging' || ALWAYS_CRITICAL.has(event.operationClass)) return 'critical'
  // A look at a key opens nothing: people and their tools do it all day.
  if (event.operationClass === 'read') return isKnown(event, known) ? 'low' : 'medium'
  return isKnown(event, known) ? 'high' : 'critical'
}

export function about(event: TrailEvent): Omit<Finding, 'kind' | 'severity' | 'detail'> {
  return {
    subject: event.uid,
    occurredAt: event.time,
    event: event.id,
    ...(event.kekId !== undefined && { kekId: event.kekId }),
    ...(event.principal !== undefined && { principal: event.principal }),
  }
}

function detailOf({ operation, outcome }: TrailEvent, { reason, attempt }: EventDecision): Finding['detail'] {
  return { operation, outcome, ...(reason !== undefined && { reason }), ...(attempt !== undefined && { attempt }) }
}
