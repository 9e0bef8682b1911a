import { type JsonObject, listAt, objectAt, textAt } from '../../../src/kms/untrusted-json.js'

/** What is in an envelope: a record of CloudTrail, an event that the KMS sent to EventBridge itself, or neither. */
export type Unwrapped =
  | { readonly record: JsonObject; readonly isBare: boolean }
  | { readonly notice: JsonObject }
  | { readonly ignored: string }
  | { readonly quarantined: string }

/** Any one of them makes it one, though it may be broken. */
const MEMBERS = ['eventID', 'eventName', 'eventSource', 'eventTime', 'eventVersion']

/** Throws `SyntaxError` for what is no JSON. */
export function unwrap(raw: string): Unwrapped {
  const value: unknown = JSON.parse(raw)
  const records = Array.isArray(value) ? value : listAt(value, 'Records')
  if (records.length > 1) return { quarantined: `${records.length} records in one; expected each by itself` }
  const outer = objectAt(records.length === 1 ? records[0] : value)
  if (outer === undefined) return { quarantined: 'no object; expected a record of CloudTrail' }
  // What LookupEvents answers with.
  const text = outer.CloudTrailEvent
  if (typeof text === 'string') return recordOf(JSON.parse(text), false)
  if (textAt(outer, 'detail-type') !== undefined) return ofEventBridge(outer)
  if (textAt(outer, 'digestS3Object') !== undefined) return { ignored: 'a digest of log files' }
  return recordOf(outer, records.length === 0)
}

function ofEventBridge(envelope: JsonObject): Unwrapped {
  if (textAt(envelope, 'detail', 'eventSource') !== undefined) return recordOf(envelope.detail, false)
  if (envelope.source === 'aws.kms') return { notice: envelope }
  return { ignored: `of EventBridge: ${textAt(envelope, 'detail-type')}` }
}

function recordOf(value: unknown, isBare: boolean): Unwrapped {
  const record = objectAt(value) ?? {}
  if (textAt(record, 'eventSource') !== undefined) return { record, isBare }
  if (MEMBERS.every((name) => !Object.hasOwn(record, name))) return { ignored: 'no record of CloudTrail' }
  return { quarantined: 'no eventSource; expected a record of CloudTrail' }
}
