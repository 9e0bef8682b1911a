import type { Queryable } from '../../../postgres/queryable.js'
import type { AuditEvent } from '../../trail/audit-event.js'
import type { EventDecision, TrailEvent } from '../records.js'
import type { Day } from './day.js'
import { milliseconds, pagesOf, present } from './pages.js'
import type { Unit } from './unit.js'

const STATEMENT = `SELECT e.event_time::text AS at, e.id, e.event_uid AS uid, e.uid_quality AS "uidQuality",
    e.copy_group AS "copyGroup", e.supersedes_uid AS supersedes, e.scope, ${milliseconds('e.event_time')} AS time,
    ${milliseconds('coalesce(e.received_at, e.mirrored_at)')} AS "arrivedAt",
    ${milliseconds('e.mirrored_at')} AS "mirroredAt", e.event_time_raw AS "timeText",
    e.kind, e.operation, e.operation_class AS "operationClass", e.outcome, e.status, e.status_detail AS "statusDetail",
    e.request_id AS "requestId", e.call_token AS "callToken", e.principal_type AS "principalType", e.principal,
    e.principal_name AS "principalName", e.credential_id AS "credentialId", e.via, e.source_text AS source,
    e.user_agent AS "userAgent", e.kek_id AS "kekId", e.kek_version AS "kekVersion",
    e.source_kek_id AS "sourceKekId", e.requested_key AS "requestedKey", e.context,
    CASE WHEN s.event IS NOT NULL THEN jsonb_strip_nulls(jsonb_build_object('state', s.state, 'rule', s.rule,
      'confidence', s.confidence, 'attempt', s.attempt, 'reason', s.reason)) END AS previous
  FROM waxseal.audit_event e
  LEFT JOIN waxseal.event_state s ON s.event = e.id AND s.event_time = e.event_time
  WHERE (e.event_time, e.id) > ($1::timestamptz, $2::uuid) AND e.event_time >= $1 AND e.event_time < $6
    AND e.provider = $4 AND e.scope = ANY ($5)
  ORDER BY e.event_time, e.id LIMIT $3`

type EventRow = Omit<AuditEvent, 'time'> & {
  readonly id: string
  readonly time: number
  readonly arrivedAt: number
  readonly mirroredAt: number
  readonly previous?: EventDecision
}

/** The events of a day and around it. Texts that repeat are kept once, and what only a trail's own rules look at is not kept. */
export async function loadEvents(
  client: Queryable,
  { provider, scopes, trail }: Unit,
  day: Day,
): Promise<TrailEvent[]> {
  const texts = new Map<string, string>()
  const once = (text: string) => {
    if (!texts.has(text)) texts.set(text, text)
    return texts.get(text) as string
  }
  const events: TrailEvent[] = []
  for await (const row of pagesOf(client, STATEMENT, day.firstLook, [provider, scopes, day.lastLook])) {
    const { time, arrivedAt, mirroredAt, ...given } = present<EventRow>(row)
    const audited: AuditEvent = { ...given, time: new Date(time) }
    const expectedBy = trail.expected.find((expected) => expected.matches(audited))?.id
    const envelope = given.context?.['waxseal-envelope']
    events.push({
      ...{ id: given.id, uid: given.uid, scope: once(given.scope), time, arrivedAt, mirroredAt, kind: given.kind },
      ...{ operation: once(given.operation), operationClass: given.operationClass, outcome: given.outcome },
      ...(given.requestId !== undefined && { requestId: given.requestId }),
      ...(given.callToken !== undefined && { callToken: given.callToken }),
      ...(given.principal !== undefined && { principal: once(given.principal) }),
      ...(given.credentialId !== undefined && { credentialId: once(given.credentialId) }),
      ...(given.kekId !== undefined && { kekId: once(given.kekId) }),
      ...(given.sourceKekId !== undefined && { sourceKekId: once(given.sourceKekId) }),
      ...(given.copyGroup !== undefined && { copyGroup: given.copyGroup }),
      ...(given.supersedes !== undefined && { supersedes: given.supersedes }),
      ...(envelope !== undefined && { envelope }),
      ...(expectedBy !== undefined && { expectedBy }),
      ...(given.previous !== undefined && { previous: given.previous }),
      isNeighbour: !day.has(time),
    })
  }
  return events
}
