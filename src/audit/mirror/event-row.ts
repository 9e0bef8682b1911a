import { isIP } from 'node:net'
import { uuidV7 } from '../../kms/uuid-v7.js'
import { indexable, storableJson, storableText } from '../storable.js'
import type { AuditEvent, TrailRecord } from '../trail/audit-event.js'
import { type Digests, digestsOf } from './digests.js'
import { isPlausible } from './plausible-time.js'

/** An event with what its source adds. */
export interface ReceivedEvent {
  readonly provider: string
  readonly scope: string
  readonly uid: string
  readonly event: AuditEvent
  readonly record: TrailRecord
}

export function receivedEvent(
  event: AuditEvent,
  record: TrailRecord,
  { provider, scope }: { readonly provider: string; readonly scope: string },
): ReceivedEvent {
  return { provider, scope: indexable(event.scope || scope), uid: indexable(event.uid), event, record }
}

export interface EventRow extends ReceivedEvent {
  readonly id: string
  readonly digests: Digests
}

export function eventRow(received: ReceivedEvent): EventRow {
  const { event, record } = received
  return { ...received, id: uuidV7(event.time.getTime()), digests: digestsOf(record.raw, event.content) }
}

type Column = readonly [name: string, type: string, of: (row: EventRow) => string | null]

const bytes = (digest: Buffer) => `\\x${digest.toString('hex')}`
const optional = (as: (text: string) => string, text: string | undefined) => (text === undefined ? null : as(text))
const plain = (name: string, of: (event: AuditEvent) => string | undefined): Column => {
  return [name, 'text', ({ event }) => optional(storableText, of(event))]
}
const indexed = (name: string, of: (event: AuditEvent) => string | undefined): Column => {
  return [name, 'text', ({ event }) => optional(indexable, of(event))]
}
/** `inet` takes neither host names nor zones. */
const isAddress = (text: string | undefined): text is string =>
  text !== undefined && isIP(text) > 0 && !text.includes('%')

/** What of an event is stored in which column of `waxseal.audit_event`. */
export const EVENT_COLUMNS: readonly Column[] = [
  ['id', 'uuid', ({ id }) => id],
  ['provider', 'text', ({ provider }) => provider],
  ['scope', 'text', ({ scope }) => scope],
  ['event_uid', 'text', ({ uid }) => uid],
  ['event_time', 'timestamptz', ({ event }) => event.time.toISOString()],
  plain('uid_quality', ({ uidQuality }) => uidQuality),
  indexed('copy_group', ({ copyGroup }) => copyGroup),
  indexed('supersedes_uid', ({ supersedes }) => supersedes),
  plain('event_time_raw', ({ timeText }) => timeText),
  ['received_at', 'timestamptz', ({ event, record }) => instant(event.receivedAt ?? record.receivedAt)],
  plain('kind', ({ kind }) => kind),
  plain('operation', ({ operation }) => operation),
  plain('operation_class', ({ operationClass }) => operationClass),
  plain('outcome', ({ outcome }) => outcome),
  plain('status', ({ status }) => status),
  plain('status_detail', ({ statusDetail }) => statusDetail),
  indexed('request_id', ({ requestId }) => requestId),
  indexed('call_token', ({ callToken }) => callToken),
  plain('principal_type', ({ principalType }) => principalType),
  indexed('principal', ({ principal }) => principal),
  plain('principal_name', ({ principalName }) => principalName),
  plain('credential_id', ({ credentialId }) => credentialId),
  plain('via', ({ via }) => via),
  ['source_ip', 'inet', ({ event: { source } }) => (isAddress(source) ? source : null)],
  ['source_text', 'text', ({ event: { source } }) => (isAddress(source) ? null : optional(storableText, source))],
  plain('user_agent', ({ userAgent }) => userAgent),
  indexed('kek_id', ({ kekId }) => kekId),
  plain('kek_version', ({ kekVersion }) => kekVersion),
  indexed('source_kek_id', ({ sourceKekId }) => sourceKekId),
  plain('requested_key', ({ requestedKey }) => requestedKey),
  ['context', 'jsonb', ({ event: { context } }) => (context === undefined ? null : storableJson(context))],
  ['raw', 'text', ({ record }) => record.raw.toWellFormed()],
  ['raw_sha256', 'bytea', ({ digests }) => bytes(digests.raw)],
  ['canonical_sha256', 'bytea', ({ digests }) => digests.canonical && bytes(digests.canonical)],
  ['raw_reference', 'text', ({ record }) => optional(storableText, record.reference)],
  ['proof', 'text', ({ record }) => proofOf(record)],
]

/** What attests the record. */
export function proofOf({ proof }: TrailRecord): string {
  return proof ?? 'none'
}

/** Postgres has no year 0, in which a record can say that it arrived. */
function instant(date: Date | undefined): string | null {
  return date !== undefined && isPlausible(date) ? date.toISOString() : null
}
