import { ConfigurationError } from '../../errors.js'
import type { Queryable } from '../../postgres/queryable.js'
import { type Alert, alertColumns } from '../alerts/due-alerts.js'
import { instant } from '../instant.js'
import { isStoredId } from '../stored-id.js'
import { FILTERED, type FindingFilters, filterValues } from './finding-filters.js'

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

export interface FindingQuery extends FindingFilters {
  /** Only what is neither acknowledged nor resolved. */
  readonly open?: boolean
  /** At most so many, the newest first. */
  readonly limit: number
}

export async function readFindings(client: Queryable, query: FindingQuery): Promise<StoredFinding[]> {
  const { ids = [], open = false, limit } = query
  const misspelled = ids.find((id) => !isStoredId(id))
  if (misspelled !== undefined) {
    throw new ConfigurationError('expected the id of a finding, as "waxseal audit findings" prints it')
  }
  const { rows } = await client.query(
    `SELECT ${alertColumns}, note.status, note.notes
    FROM waxseal.finding f CROSS JOIN LATERAL (
      SELECT coalesce((array_agg(CASE action WHEN 'reopened' THEN 'open' ELSE action END ORDER BY noted_at DESC, id DESC)
          FILTER (WHERE action <> 'alerted'))[1], 'open') AS status,
        coalesce(jsonb_agg(jsonb_build_object('notedAt', ${instant('noted_at')}, 'action', action, 'reason', reason, 'who', who)
          ORDER BY noted_at, id) FILTER (WHERE id IS NOT NULL), '[]') AS notes
      FROM waxseal.finding_note WHERE finding = f.id
    ) note
    WHERE ${FILTERED} AND (NOT $9 OR note.status = 'open')
    ORDER BY f.occurred_at DESC, f.id DESC LIMIT $10`,
    [...filterValues(query), open, limit],
  )
  const unknown = ids.find((id) => !rows.some((row) => row['id'] === id))
  if (unknown !== undefined) {
    throw new ConfigurationError(`no finding ${unknown}: "waxseal audit findings" lists them`)
  }
  return rows as unknown as StoredFinding[]
}
