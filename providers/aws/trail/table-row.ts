import { type JsonObject, objectAt, parseJson, textAt } from '../../../src/kms/untrusted-json.js'
import { jsonOfStruct } from './struct-text.js'

/** Members of a record that are looked at, in the spelling that a table loses. */
const NAMES = [
  ...['eventVersion', 'eventTime', 'eventSource', 'eventName', 'eventID', 'eventType', 'eventCategory', 'awsRegion'],
  ...['requestID', 'sharedEventID', 'recipientAccountId', 'sourceIPAddress', 'userAgent', 'errorCode', 'errorMessage'],
  ...['userIdentity', 'type', 'principalId', 'arn', 'accountId', 'accessKeyId', 'credentialId', 'userName'],
  ...['sessionContext', 'sessionIssuer', 'onBehalfOf', 'userId', 'identityStoreArn', 'invokedBy'],
  ...['resources', 'readOnly', 'addendum', 'reason', 'originalEventID'],
]
/** What these hold has names of its own, those of the service or of the caller. */
const NAMED_WITHIN = ['requestParameters', 'responseElements', 'additionalEventData', 'serviceEventDetails']
const NAME_OF = new Map([...NAMES, ...NAMED_WITHIN].map((name) => [name.toLowerCase(), name]))
/** What no caller can write into, so that its text can be read as a struct, too. */
const OF_AWS = ['userIdentity', 'resources', 'addendum', 'additionalEventData', 'serviceEventDetails']
/** Columns that can hold JSON as text. */
const HOLD_JSON = [...OF_AWS, 'requestParameters', 'responseElements', 'readOnly']
/** Deeper than an identity is nested, and longer than one is. */
const [DEEPEST, LONGEST] = [4, 65_536]

/**
 * The record that a row of a table was made of, where columns have small letters and objects can be text: of Athena, of
 * Steampipe, with `_` between words, and of CloudTrail Lake, each column an object. Undefined for what is none.
 * https://docs.aws.amazon.com/athena/latest/ug/create-cloudtrail-table.html
 */
export function recordOfRow(value: unknown): JsonObject | undefined {
  const row = Array.isArray(value) ? joined(value) : objectAt(value)
  // Others have an `EventSource`, such as a message of SNS.
  const isRow = ['eventsource', 'event_source'].some((name) => textAt(row, name) !== undefined)
  return isRow || (row !== value && textAt(row, 'eventSource') !== undefined) ? objectAt(spelt(row, 0)) : undefined
}

/** GetQueryResults has a list of columns for each row. */
function joined(columns: readonly unknown[]): JsonObject | undefined {
  const members = columns.map((each) => Object.entries(objectAt(each) ?? {}))
  return members.every(({ length }) => length === 1) ? Object.fromEntries(members.flat()) : undefined
}

function spelt(value: unknown, depth: number): unknown {
  if (Array.isArray(value)) return value.map((each) => spelt(each, depth))
  const object = objectAt(value)
  if (!object || depth > DEEPEST) return value
  return Object.fromEntries(
    Object.entries(object).map(([column, each]) => {
      const name = NAME_OF.get(column.toLowerCase().replaceAll('_', '')) ?? column
      const held = HOLD_JSON.includes(name) && typeof each === 'string' ? heldIn(name, each) : each
      return [name, NAMED_WITHIN.includes(name) ? held : spelt(held, depth + 1)]
    }),
  )
}

function heldIn(name: string, text: string): unknown {
  const json = parseJson(text)
  if (json !== undefined || !OF_AWS.includes(name) || text.length > LONGEST) return json
  return parseJson(jsonOfStruct(text))
}
