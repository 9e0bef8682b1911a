import type { Finding } from '../finding.js'
import type { Reconciliation } from '../reconcile.js'
import type { LedgerAttempt } from '../records.js'

/** Attempts that were answered and stand in no complete trail. `absence`: what may be said of that, by the provider. */
export function missingFindings(
  { attempts }: Reconciliation,
  counted: ReadonlySet<LedgerAttempt>,
  absence: string,
): Finding[] {
  return [...attempts].flatMap(([attempt, { state }]) => {
    if (state !== 'missing' || attempt.isNeighbour || counted.has(attempt)) return []
    return {
      kind: 'missing' as const,
      severity: 'high' as const,
      subject: attempt.id,
      occurredAt: attempt.startedAt,
      attempt: attempt.id,
      ...(attempt.keks[0] !== undefined && { kekId: attempt.keks[0] }),
      detail: { operation: attempt.operation, absence },
    }
  })
}
