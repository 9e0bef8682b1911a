import { createHash } from 'node:crypto'
import type { AuditEvent, Normalized, TrailRecord } from '../../../src/audit/trail/audit-event.js'
import { defined, type JsonObject, objectAt, textAt } from '../../../src/kms/untrusted-json.js'
import { parseUtcTime, type UtcTime } from '../../../src/kms/utc-time.js'
import { callerOf } from './caller.js'
import { keyOf, labelledKeyOf, scopeOfEntry } from './entry-key.js'
import { lifecycleOf } from './lifecycle.js'
import { logEntryOf } from './log-entry.js'
import { isLoggingChange } from './logging-changes.js'
import { operationClassOf } from './operation-classes.js'
import { statusOf } from './status.js'

const KMS = 'cloudkms.googleapis.com'

type What = Omit<AuditEvent, 'uid' | 'uidQuality' | 'scope' | 'time' | 'timeText' | 'receivedAt' | 'content'>

/** An entry of Cloud Logging as the event that it is about. */
export function normalizeGcp({ raw }: TrailRecord): Normalized {
  const entry = logEntryOf(raw)
  if (!entry) return { quarantined: 'not one log entry in JSON, as with "gcloud logging read --format=json"' }
  const what = lifecycleEventOf(entry) ?? callOf(entry)
  if ('ignored' in what) return what
  const scope = scopeOfEntry(entry, objectAt(entry, 'protoPayload')) ?? ''
  const timeText = timeTextOf(entry)
  const time = timeText === undefined ? undefined : parseUtcTime(timeText)
  if (!time || timeText === undefined) return { quarantined: 'no time that can be read' }
  const receivedAt = parseUtcTime(timestampAt(entry, 'receiveTimestamp') ?? '')?.date
  const known = { ...identityOf(entry, time, what), scope, time: time.date, timeText, receivedAt }
  // What is around an entry is another for each delivery.
  const content = { ...what, time: time.text }
  return { event: { ...defined<Omit<AuditEvent, keyof What>>(known), ...what, content } }
}

function lifecycleEventOf(entry: JsonObject): What | undefined {
  const found = lifecycleOf(entry)
  if (!found) return undefined
  const { operation, operationClass, status } = found
  return defined<What>({
    kind: 'lifecycle',
    ...{ operation, operationClass },
    ...statusOf(undefined, status),
    ...labelledKeyOf(entry),
  })
}

function callOf(entry: JsonObject): What | { readonly ignored: string } {
  const payload = objectAt(entry, 'protoPayload')
  const service = textAt(payload, 'serviceName') ?? textAt(entry, 'serviceName')
  if (!payload || service === undefined) return { ignored: 'no audit log' }
  const operation = (textAt(payload, 'methodName') ?? '').split('.').at(-1) as string
  const isLogging = isLoggingChange(service, operation, payload)
  if (!isLogging && service !== KMS) return { ignored: 'another service' }
  return defined<What>({
    kind: isLogging ? 'logging' : 'call',
    operation: operation === '' ? 'unknown' : operation,
    operationClass: isLogging ? 'logging' : operationClassOf(operation, objectAt(payload, 'request')),
    ...statusOf(payload),
    ...callerOf(payload),
    ...keyOf(entry, payload),
  })
}

/** https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry: these three together tell duplicates. */
function identityOf(entry: JsonObject, time: UtcTime, what: What): Pick<AuditEvent, 'uid' | 'uidQuality'> {
  const [logName, insertId] = [textAt(entry, 'logName'), textAt(entry, 'insertId')]
  if (logName !== undefined && insertId !== undefined) {
    return { uid: hashOf([logName, time.text, insertId]), uidQuality: 'composite' }
  }
  const members = Object.entries(what).flatMap(([name, value]) => [name, String(value)])
  return { uid: hashOf([time.text, ...members]), uidQuality: 'content' }
}

function timeTextOf(entry: JsonObject): string | undefined {
  const requested = textAt(entry, 'protoPayload', 'requestMetadata', 'requestAttributes', 'time')
  return timestampAt(entry, 'timestamp') ?? requested ?? timestampAt(entry, 'receiveTimestamp')
}

/** Clients make objects of it: that of BigQuery with the text, and that of Cloud Logging as in the definition. */
function timestampAt(entry: JsonObject, name: string): string | undefined {
  const of = (member: string) => textAt(entry, name, member)
  const [seconds, nanos = '0'] = [of('seconds'), of('nanos')]
  return textAt(entry, name) ?? of('value') ?? (seconds && `${seconds}.${nanos.padStart(9, '0')}`)
}

function hashOf(members: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(members)).digest('hex')
}
