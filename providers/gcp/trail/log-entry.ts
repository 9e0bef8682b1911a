import { type JsonObject, listAt, objectAt, parseJson, textAt } from '../../../src/kms/untrusted-json.js'
import { camelCased } from './member-names.js'

/** Pub/Sub in CloudEvents in Pub/Sub in an array, and one to spare. */
const MOST_ENVELOPES = 6
/** What entries.list and a pull from Pub/Sub answer, and what is published. */
const LISTS = ['entries', 'receivedMessages', 'messages']
/** The name of the service as a value, also in JSON that is text. */
const SAYS_KMS = /"cloudkms\.googleapis\.com\\*"/

/**
 * The log entry in a record, however it was delivered: by itself, as a message of Pub/Sub, as a CloudEvent, or as a row of
 * BigQuery. Undefined for what is no object of JSON, for an envelope whose content is none or that is not known, and for several in one.
 * https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry
 */
export function logEntryOf(raw: string): JsonObject | undefined {
  let value = camelCased(parseJson(raw))
  for (let envelopes = 0; envelopes < MOST_ENVELOPES; envelopes++) {
    const list = Array.isArray(value)
      ? value
      : LISTS.map((name) => listAt(value, name)).find(({ length }) => length > 0)
    if (list && list.length !== 1) return undefined
    const found = objectAt(value)
    if (found && isLogEntry(found)) return asInTheLog(found)
    // The payload of an audit log alone.
    if (textAt(found, 'serviceName') && textAt(found, 'methodName')) return { protoPayload: found }
    const inner = list?.[0] ?? (found && contentOf(found))
    if (inner === undefined) return SAYS_KMS.test(raw) ? undefined : found
    value = typeof inner === 'string' ? camelCased(parseJson(inner) ?? parseJson(decoded(inner))) : inner
  }
  return undefined
}

function isLogEntry(entry: JsonObject): boolean {
  return ['protoPayload', 'protopayloadAuditlog', 'jsonPayload', 'textPayload', 'logName'].some((name) =>
    Object.hasOwn(entry, name),
  )
}

/** Base64 in a message of Pub/Sub, or decoded already; an object in a CloudEvent; the text of a shipper. */
function contentOf(envelope: JsonObject): string | JsonObject | undefined {
  return (
    objectAt(envelope, 'message') ??
    objectAt(envelope, 'data') ??
    textAt(envelope, 'data') ??
    textAt(envelope, 'dataBase64') ??
    textAt(envelope, 'message')
  )
}

/** What differs from service to service, and where BigQuery has it. */
const DIFFERING = {
  ...{ request: 'requestJson', response: 'responseJson', metadata: 'metadataJson' },
  serviceData: 'servicedataV1Iam',
}

/**
 * A sink to BigQuery has the payload in a column of another name, a linked dataset one level below; either has objects as
 * text.
 */
function asInTheLog(entry: JsonObject): JsonObject {
  const payload = objectAt(entry, 'protopayloadAuditlog') ?? objectAt(entry, 'protoPayload', 'auditLog')
  if (!payload) return entry
  const differing = Object.entries(DIFFERING).map(([name, column]) => [
    name,
    camelCased(heldIn(payload, name) ?? heldIn(payload, column)),
  ])
  const resource = { ...objectAt(entry, 'resource'), labels: heldIn(entry, 'resource', 'labels') }
  return { ...entry, resource, protoPayload: { ...payload, ...Object.fromEntries(differing) } }
}

function heldIn(value: unknown, ...path: string[]): unknown {
  return objectAt(value, ...path) ?? parseJson(textAt(value, ...path) ?? '')
}

const decoded = (base64: string) => Buffer.from(base64, 'base64').toString()
