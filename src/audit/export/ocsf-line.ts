import type { ApplicationEvent } from '../application/application-event.js'
import type { ApiActivity } from '../ocsf/api-activity.js'
import { applicationToOcsf } from '../ocsf/application-to-ocsf.js'
import { auditEventToOcsf, type StoredAuditEvent } from '../ocsf/audit-event-to-ocsf.js'
import type { AuditEvent } from '../trail/audit-event.js'
import type { TrailNames } from '../trail/provider-trail.js'
import type { ExportedLine } from './read-lines.js'

/** By the provider. */
export type NamesOfTrails = Readonly<Record<string, TrailNames>>

/** Undefined for attempts: what they say of a call, its event says in OCSF, and whether it was ours stands in its enrichment. */
export function ocsfOf(line: ExportedLine, trails: NamesOfTrails): ApiActivity | undefined {
  if (line.kind === 'event') return auditEventToOcsf(storedEventOf(line), trails[String(line.record['provider'])])
  return line.kind === 'application' ? applicationToOcsf(applicationEventOf(line)) : undefined
}

/** Members of an object by columns of a record; those that are null are left out. */
function members(record: ExportedLine['record'], names: Readonly<Record<string, string>>): Record<string, unknown> {
  const found = Object.entries(names).map(([member, column]) => [member, record[column]] as const)
  return Object.fromEntries(found.filter(([, value]) => value !== null && value !== undefined))
}

function storedEventOf({ record, raw, review }: ExportedLine): StoredAuditEvent {
  const event = {
    ...members(record, {
      ...{ uid: 'event_uid', uidQuality: 'uid_quality', scope: 'scope', timeText: 'event_time_raw', kind: 'kind' },
      ...{ operation: 'operation', operationClass: 'operation_class', outcome: 'outcome', status: 'status' },
      ...{ statusDetail: 'status_detail', requestId: 'request_id', callToken: 'call_token', context: 'context' },
      ...{ principalType: 'principal_type', principal: 'principal', principalName: 'principal_name', via: 'via' },
      ...{ credentialId: 'credential_id', userAgent: 'user_agent', kekId: 'kek_id', kekVersion: 'kek_version' },
      ...{ sourceKekId: 'source_kek_id', requestedKey: 'requested_key' },
    }),
    ...(review?.from && { source: review.from }),
    time: new Date(String(record['event_time'])),
  } as unknown as AuditEvent
  const { state, rule, confidence, attempt } = review ?? {}
  return {
    ...{ id: String(record['id']), provider: String(record['provider']), event },
    ...{ mirroredAt: new Date(String(record['mirrored_at'])), rawSha256: String(record['raw_sha256']) },
    ...(raw !== undefined && { raw }),
    ...(state && {
      reconciliation: { state, ...(rule && { rule }), ...(confidence && { confidence }), ...(attempt && { attempt }) },
    }),
  }
}

function applicationEventOf({ record }: ExportedLine): ApplicationEvent {
  const who = members(record, {
    ...{ actor: 'actor', tenant: 'tenant', purpose: 'purpose', ticket: 'ticket', requestId: 'request', ip: 'ip' },
  })
  const kek = members(record, { provider: 'kek_provider', id: 'kek_id', version: 'kek_version' })
  return {
    ...members(record, { id: 'id', category: 'category', action: 'action', outcome: 'outcome', reason: 'reason' }),
    ...members(record, { entity: 'entity', row: 'row_key', envelope: 'envelope', detail: 'detail' }),
    ...(who['actor'] !== undefined && { actor: who }),
    ...(kek['id'] !== undefined && { kek }),
    occurredAt: new Date(String(record['occurred_at'])),
  } as unknown as ApplicationEvent
}
