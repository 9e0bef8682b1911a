import type { Queryable } from '../../postgres/queryable.js'
import { instant } from '../instant.js'
import type { Severity } from '../reconciliation/finding.js'

export const severities = ['info', 'low', 'medium', 'high', 'critical'] as const satisfies readonly Severity[]

/** A finding as a message tells it. Holds no secret, and no more than trails show. */
export interface Alert {
  readonly id: string
  readonly kind: string
  readonly severity: Severity
  readonly provider: string
  readonly scope: string
  readonly subject: string
  readonly occurredAt: string
  readonly openedAt: string
  readonly event: string | null
  readonly attempt: string | null
  readonly kekId: string | null
  readonly principal: string | null
  readonly detail: Readonly<Record<string, unknown>>
}

/** Of `waxseal.finding f`. */
export const alertColumns = `f.id, f.kind, f.severity, f.provider, f.scope, f.subject, ${instant('f.occurred_at')} AS "occurredAt",
  ${instant('f.opened_at')} AS "openedAt", f.event, f.attempt, f.kek_id AS "kekId", f.principal, f.detail`

/** Findings of a severity or above that are open and that nobody was told of since they are, the oldest first. */
export async function dueAlerts(client: Queryable, minimum: Severity, limit: number): Promise<Alert[]> {
  const { rows } = await client.query(
    `SELECT ${alertColumns}
    FROM waxseal.finding f CROSS JOIN LATERAL (
      SELECT (array_agg(action ORDER BY noted_at DESC, id DESC))[1] AS last FROM waxseal.finding_note
      WHERE finding = f.id
    ) note
    WHERE f.severity = ANY ($1) AND coalesce(note.last, 'reopened') = 'reopened'
    ORDER BY f.opened_at, f.id LIMIT $2`,
    [severities.slice(severities.indexOf(minimum)), limit],
  )
  return rows as unknown as Alert[]
}
