import type { Queryable } from '../../../postgres/queryable.js'
import type { Finding } from '../finding.js'
import { about } from '../findings/event-findings.js'
import type { Reconciliation } from '../reconcile.js'
import type { EventState, TrailEvent } from '../records.js'
import type { Day } from './day.js'
import { milliseconds } from './pages.js'
import type { Unit } from './unit.js'

/** Events that two readers, or one reader twice, saw with different content. */
export async function changedContents(client: Queryable, { provider, scopes }: Unit, day: Day): Promise<Finding[]> {
  const { rows } = await client.query(
    `SELECT e.id, e.event_uid AS uid, ${milliseconds('e.event_time')} AS time, e.kek_id AS "kekId",
      1 + count(DISTINCT coalesce(s.canonical_sha256, s.raw_sha256))::int AS contents
    FROM waxseal.audit_event e JOIN waxseal.audit_sighting s ON s.event = e.id AND s.event_time = e.event_time
      AND coalesce(s.canonical_sha256, s.raw_sha256) <> coalesce(e.canonical_sha256, e.raw_sha256)
    WHERE e.provider = $1 AND e.scope = ANY ($2) AND e.event_time >= $3 AND e.event_time < $4
    GROUP BY e.id, e.event_time`,
    [provider, scopes, new Date(day.from), new Date(day.to)],
  )
  return rows.map(({ id, uid, time, kekId, contents }) => ({
    kind: 'content-changed' as const,
    severity: 'critical' as const,
    subject: uid as string,
    occurredAt: time as number,
    event: id as string,
    ...(kekId !== null && { kekId: kekId as string }),
    detail: { contents: contents as number },
  }))
}

/**
 * Uses of a data key that no row has any more: after it was shredded or renewed, or, where nothing accounts for the use, by an
 * envelope that is in no table. All are what somebody with an old backup does.
 */
export async function supersededEnvelopes(
  client: Queryable,
  { events }: Reconciliation,
  storedEnvelopes: StoredEnvelopes,
): Promise<Finding[]> {
  const opened = [...events].filter(([event]) => event.envelope !== undefined && !event.isNeighbour && opens(event))
  if (opened.length === 0) return []
  const envelopes = [...new Set(opened.map(([{ envelope }]) => envelope as string))]
  const shredded = await endedAt(client, 'shredded_row', 'shredded_at', envelopes)
  const renewed = await endedAt(client, 'superseded_envelope', 'superseded_at', envelopes)
  const strange = opened.filter(([, { state }]) => state === 'unaccounted').map(([{ envelope }]) => envelope as string)
  const stored = await storedEnvelopes(client, strange)

  function reasonOf(envelope: string, time: number, state: EventState): string | undefined {
    if (time > (shredded.get(envelope) ?? Number.POSITIVE_INFINITY)) return 'shredded'
    const renewedAt = renewed.get(envelope)
    // A row had it until then.
    if (renewedAt !== undefined) return time > renewedAt + READ_BEFORE_MS ? 'renewed' : undefined
    return state === 'unaccounted' && stored !== undefined && !stored.has(envelope) ? 'in-no-table' : undefined
  }

  return opened.flatMap(([event, { state }]) => {
    const envelope = event.envelope as string
    const reason = reasonOf(envelope, event.time, state)
    if (reason === undefined) return []
    const detail = { envelope, reason, operation: event.operation }
    return { ...about(event), kind: 'superseded-envelope' as const, severity: 'high' as const, detail }
  })
}

/** Who read a row before it was renewed may open it a little later. */
const READ_BEFORE_MS = 3_600_000

/** Which of these envelopes a row has; `undefined` where nobody knows the tables. */
export type StoredEnvelopes = (client: Queryable, ids: readonly string[]) => Promise<ReadonlySet<string> | undefined>

function opens({ operationClass, outcome }: TrailEvent): boolean {
  return outcome === 'success' && (operationClass === 'decrypt' || operationClass === 'rewrap')
}

async function endedAt(
  client: Queryable,
  table: string,
  column: string,
  envelopes: readonly string[],
): Promise<Map<string, number>> {
  const { rows } = await client.query(
    `SELECT envelope, ${milliseconds(`min(${column})`)} AS at FROM waxseal.${table}
    WHERE envelope = ANY ($1) GROUP BY envelope`,
    [envelopes],
  )
  return new Map(rows.map(({ envelope, at }) => [envelope as string, at as number]))
}
