import { type JsonObject, listAt, objectAt, parseJson, textAt } from '../../../src/kms/untrusted-json.js'
import { camelCased } from './member-names.js'

/** Pub/Sub in CloudEvents in Pub/Sub in an array, and one to spare. */
const MOST_ENVELOPES = 6
/** What entries.list and a pull from Pub/Sub answer, and what is published. */
const LISTS = ['entries', 'receivedMessages', 'messages']

/**
 * The log entry in a record, however it was delivered: by itself, as a message of Pub/Sub, as a CloudEvent, or as a row of
 * BigQuery. Undefined for what is no object of JSON, for an envelope whose content is none, and for several in one.
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
    if (inner === undefined) return found
    value = typeof inner === 'string' ? camelCased(parseJson(inner) ?? parseJson(decoded(inner))) : inner
  }
  return undefined
}

function isLogEntry(entry: JsonObject): boolean {
  return ['protoPayload', 'protopayloadAuditlog', 'jsonPayload', 'textPayload', 'logName'].some((name) =>
    Object.hasOwn(entry, name),
  )
}

/** Base64 in a message of Pub/Sub, or decoded already; an object in a CloudEvent. */
function contentOf(envelope: JsonObject): string | JsonObject | undefined {
  return (
    objectAt(envelope, 'message') ??
    objectAt(envelope, 'data') ??
    textAt(envelope, 'data') ??
    textAt(envelope, 'dataBase64')
  )
}

/** BigQuery has the payload in a column of another name, and what differs from service to service as text in it. */
function asInTheLog(entry: JsonObject): JsonObject {
  const payload = objectAt(entry, 'protopayloadAuditlog')
  if (!payload) return entry
  const [request, response, metadata] = ['requestJson', 'responseJson', 'metadataJson'].map((name) =>
    camelCased(parseJson(textAt(payload, name) ?? '')),
  )
  return { ...entry, protoPayload: { request, response, metadata, ...payload } }
}

const decoded = (base64: string) => Buffer.from(base64, 'base64').toString()
