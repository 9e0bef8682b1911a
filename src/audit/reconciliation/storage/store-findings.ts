import { uuidV7 } from '../../../kms/uuid-v7.js'
import type { Queryable } from '../../../postgres/queryable.js'
import type { Finding, FindingKind } from '../finding.js'

/** Where findings belong, and which of those that stand there were looked for. */
export interface FindingPlace {
  readonly provider: string
  readonly scope: string
  readonly kinds: readonly FindingKind[]
  readonly from: Date
  readonly to: Date
}

/**
 * Stores findings that are new, and notes beside older ones that they are resolved, since they were looked for and not found
 * again, or that they are back. Returns those that are new or back.
 */
export async function storeFindings(
  client: Queryable,
  place: FindingPlace,
  findings: readonly Finding[],
): Promise<Finding[]> {
  const rows = findings.map((finding) => ({
    ...finding,
    id: uuidV7(Date.now()),
    occurredAt: new Date(finding.occurredAt).toISOString(),
  }))
  const opened = await client.query(INSERT, [JSON.stringify(rows), place.provider, place.scope])
  const { rows: changed } = await client.query(CHANGED, [
    ...[JSON.stringify(rows), place.provider, place.scope, place.kinds, place.from, place.to],
  ])
  const notes = changed.map(({ finding, action }) => ({ finding, action, id: uuidV7(Date.now()) }))
  await client.query(NOTE, [JSON.stringify(notes)])
  const isNew = new Set(opened.rows.map(({ id }) => id))
  const isBack = new Set(changed.filter(({ action }) => action === 'reopened').map(nameOf))
  return findings.filter((finding, index) => isNew.has(rows[index]!.id) || isBack.has(nameOf(finding)))
}

const nameOf = ({ kind, subject }: { readonly kind?: unknown; readonly subject?: unknown }) => `${kind} ${subject}`

const INSERT = `INSERT INTO waxseal.finding
    (id, kind, severity, provider, scope, subject, occurred_at, event, attempt, kek_id, principal, detail)
  SELECT id, kind, severity, $2, $3, subject, "occurredAt", event, attempt, "kekId", principal, detail
  FROM jsonb_to_recordset($1::jsonb) AS g (id uuid, kind text, severity text, subject text, "occurredAt" timestamptz,
    event uuid, attempt uuid, "kekId" text, principal text, detail jsonb)
  ON CONFLICT (kind, provider, scope, subject) DO NOTHING RETURNING id`

/** Those of the place's time and those that were found now, each by its index. */
const CHANGED = `WITH given AS (
    SELECT DISTINCT kind, subject FROM jsonb_to_recordset($1::jsonb) AS g (kind text, subject text)
  ), concerned AS (
    SELECT id, kind, subject FROM waxseal.finding
    WHERE provider = $2 AND scope = $3 AND kind = ANY ($4::text[]) AND occurred_at >= $5 AND occurred_at < $6
    UNION
    SELECT id, kind, subject FROM waxseal.finding JOIN given USING (kind, subject) WHERE provider = $2 AND scope = $3
  ), known AS (
    SELECT id, c.kind, c.subject, given.kind IS NOT NULL AS found, coalesce((SELECT n.action FROM waxseal.finding_note n
      WHERE n.finding = c.id AND n.action IN ('resolved', 'reopened') ORDER BY n.noted_at DESC, n.id DESC LIMIT 1
    ), 'reopened') = 'resolved' AS resolved
    FROM concerned c LEFT JOIN given ON given.kind = c.kind AND given.subject = c.subject
  )
  SELECT id AS finding, kind, subject, CASE WHEN found THEN 'reopened' ELSE 'resolved' END AS action FROM known WHERE found = resolved`

const NOTE = `INSERT INTO waxseal.finding_note (id, finding, action, reason)
  SELECT id, finding, action, CASE action WHEN 'resolved' THEN 'looked for again and not found'
    ELSE 'found again' END
  FROM jsonb_to_recordset($1::jsonb) AS g (id uuid, finding uuid, action text)`
