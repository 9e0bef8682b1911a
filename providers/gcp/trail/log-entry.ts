import { type JsonObject, objectAt, parseJson, textAt } from '../../../src/kms/untrusted-json.js'

/** Pub/Sub in CloudEvents in Pub/Sub, and one to spare. */
const MOST_ENVELOPES = 4

/**
 * The log entry in a record, however it was delivered: by itself, as a message of Pub/Sub, or as a CloudEvent. Undefined
 * for what is no object of JSON, or an envelope whose content is none.
 * https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry
 */
export function logEntryOf(raw: string): JsonObject | undefined {
  let found = objectAt(parseJson(raw))
  for (let envelopes = 0; found && envelopes < MOST_ENVELOPES; envelopes++) {
    if (isLogEntry(found)) return found
    // The payload of an audit log alone.
    if (textAt(found, 'serviceName') && textAt(found, 'methodName')) return { protoPayload: found }
    const inner = contentOf(found)
    if (inner === undefined) return found
    found = typeof inner === 'string' ? objectAt(parseJson(Buffer.from(inner, 'base64').toString())) : inner
  }
  return undefined
}

function isLogEntry(entry: JsonObject): boolean {
  return ['protoPayload', 'jsonPayload', 'textPayload', 'logName'].some((name) => Object.hasOwn(entry, name))
}

/** Base64 in a message of Pub/Sub, an object in a CloudEvent. */
function contentOf(envelope: JsonObject): string | JsonObject | undefined {
  return (
    objectAt(envelope, 'message') ??
    objectAt(envelope, 'data') ??
    textAt(envelope, 'data') ??
    textAt(envelope, 'data_base64')
  )
}
