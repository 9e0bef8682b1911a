import { gunzipSync } from 'node:zlib'
import { type JsonObject, listAt, objectAt, parseJson, textAt } from '../../../src/kms/untrusted-json.js'
import { KMS } from './kms-exclusion.js'
import { recordOfRow } from './table-row.js'

/** What is in an envelope: a record of CloudTrail, an event that the KMS sent to EventBridge itself, or neither. */
export type Unwrapped =
  | { readonly record: JsonObject; readonly isBare: boolean }
  | { readonly notice: JsonObject }
  | { readonly ignored: string }
  | { readonly quarantined: string }

/** Any one of them makes it one, though it may be broken. */
const MEMBERS = ['eventid', 'eventname', 'eventsource', 'eventtime', 'eventversion']
/** A file of CloudTrail and an invocation of Lambda, LookupEvents, SQS, a subscription of CloudWatch Logs and its search, Lake. */
const LISTS = ['Records', 'Events', 'Messages', 'logEvents', 'events', 'QueryResultRows']
/** LookupEvents, EventBridge, SNS, SNS in Lambda, SQS, SQS in Lambda, CloudWatch Logs, the same in Lambda, and Kinesis there. */
const CARRIERS = [
  ...['CloudTrailEvent', 'detail', 'Message', 'Sns', 'Body', 'body', 'message'],
  ...['awslogs', 'kinesis', 'data'],
]
/** As Lambda names what invoked it. */
const OF_LAMBDA = /^aws:/
/** CloudTrail in EventBridge in SNS in SQS, as Lambda gets it, and some to spare. */
const MOST_ENVELOPES = 10
/** More than Lambda is ever invoked with. */
const MOST_BYTES = 64 * 1_024 * 1_024
const isCompressed = ([first, second]: Uint8Array) => first === 0x1f && second === 0x8b

export function unwrap(raw: string): Unwrapped {
  let value = parseJson(raw)
  for (let envelopes = 0; envelopes < MOST_ENVELOPES; envelopes++) {
    if (value === undefined) return { quarantined: 'not JSON' }
    if (isRecord(value)) return { record: objectAt(value) ?? {}, isBare: envelopes === 0 }
    const row = recordOfRow(value)
    if (row) return { record: row, isBare: false }
    if (isNotice(value)) return { notice: objectAt(value) ?? {} }
    const list = listIn(value)
    if (list.length > 1) return { quarantined: `${list.length} records in one; expected each by itself` }
    const carried = list.length === 1 ? list[0] : carriedBy(value)
    if (carried === undefined) return withoutRecord(value, raw)
    value = typeof carried === 'string' ? parseJson(decoded(carried)) : carried
  }
  return { quarantined: `in more than ${MOST_ENVELOPES} envelopes` }
}

function isRecord(value: unknown): boolean {
  const source = textAt(value, 'eventSource')
  return source !== undefined && !(OF_LAMBDA.test(source) && carriedBy(value) !== undefined)
}

/** Text in JSON, or what was sent as bytes. */
function decoded(text: string): string {
  if (/^\s*["[{]/.test(text)) return text
  const bytes = Buffer.from(text, 'base64')
  return (isCompressed(bytes) ? gunzipSync(bytes, { maxOutputLength: MOST_BYTES }) : bytes).toString()
}

/** What the KMS tells EventBridge by itself has no record of CloudTrail in it. */
function isNotice(value: unknown): boolean {
  const isOfKms = textAt(value, 'detail-type') !== undefined && textAt(value, 'source') === 'aws.kms'
  return isOfKms && textAt(value, 'detail', 'eventSource') === undefined
}

function listIn(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  return LISTS.map((name) => listAt(value, name)).find((list) => list.length > 0) ?? []
}

function carriedBy(value: unknown): string | JsonObject | undefined {
  const found = CARRIERS.map((name) => textAt(value, name) ?? objectAt(value, name))
  return found.find((each) => each !== undefined)
}

/** The name of the service as a value, also in JSON that is text. */
const SAYS_KMS = new RegExp(`"${KMS.replaceAll('.', '\\.')}\\\\*"`)

function withoutRecord(value: unknown, raw: string): Unwrapped {
  const object = objectAt(value)
  if (object === undefined) return { quarantined: 'no object; expected a record of CloudTrail' }
  const names = Object.keys(object).map((name) => name.toLowerCase())
  if (names.includes('insightdetails')) return { ignored: 'an insight: figures, no event' }
  if (names.some((name) => MEMBERS.includes(name))) {
    return { quarantined: 'no eventSource; expected a record of CloudTrail' }
  }
  // Such as OCSF of Security Lake, or the cells that Athena answers with.
  return SAYS_KMS.test(raw)
    ? { quarantined: `of ${KMS} in a form that is not known; expected the record of CloudTrail in it` }
    : { ignored: 'no record of CloudTrail' }
}
