import type { Queryable } from '../../postgres/queryable.js'
import { type Alert, alertColumns } from '../alerts/due-alerts.js'
import { instant } from '../instant.js'

/** `open`: nobody has said anything. `acknowledged`: somebody has said why it is as it should be. */
export type FindingStatus = 'open' | 'acknowledged' | 'resolved'

export interface FindingNote {
  readonly notedAt: string
  readonly action: 'acknowledged' | 'resolved' | 'reopened' | 'alerted'
  readonly reason: string
  readonly who: string
}

export interface StoredFinding extends Alert {
  readonly status: FindingStatus
  readonly notes: readonly FindingNote[]
}

export interface FindingQuery {
  /** Only what is neither acknowledged nor resolved. */
  readonly open?: boolean
  /** At most so many, the newest first. */
  readonly limit: number
}

export async function readFindings(client: Queryable, { open = false, limit }: FindingQuery): Promise<StoredFinding[]> {
  const { rows } = await client.query(
    `SELECT ${alertColumns}, note.status, note.notes
    FROM waxseal.finding f CROSS JOIN LATERAL (
      SELECT coalesce((array_agg(CASE action WHEN 'reopened' THEN 'open' ELSE action END ORDER BY noted_at DESC, id DESC)
          FILTER (WHERE action <> 'alerted'))[1], 'open') AS status,
        coalesce(jsonb_agg(jsonb_build_object('notedAt', ${instant('noted_at')}, 'action', action, 'reason', reason, 'who', who)
          ORDER BY noted_at, id) FILTER (WHERE id IS NOT NULL), '[]') AS notes
      FROM waxseal.finding_note WHERE finding = f.id
    ) note
    WHERE NOT $1 OR note.status = 'open'
    ORDER BY f.occurred_at DESC, f.id DESC LIMIT $2`,
    [open, limit],
  )
  return rows as unknown as StoredFinding[]
}
