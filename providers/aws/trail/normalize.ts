import type { AuditEvent, Normalized, TrailRecord } from '../../../src/audit/trail/audit-event.js'
import type { EncryptionContext } from '../../../src/kms/context.js'
import { defined, type JsonObject, objectAt, textAt } from '../../../src/kms/untrusted-json.js'
import { uidOf } from './event-uid.js'
import { keysOf } from './keys-of-event.js'
import { KMS } from './kms-exclusion.js'
import { CLOUDTRAIL, isLoggingChange, loggingChange } from './logging-change.js'
import { normalizeNotice } from './notice.js'
import { operationClassOf } from './operations.js'
import { outcomeOf } from './outcome-of-event.js'
import { isOfAws, principalOf } from './principal-of-event.js'
import { scopeOf } from './scope.js'
import { timeOf } from './time-of-event.js'
import { type Unwrapped, unwrap } from './unwrap.js'

type Recorded = Extract<Unwrapped, { record: unknown }>

/** The provider adds it to the user agent of each attempt. Anybody can. */
const CALL_TOKEN = /\bmd\/call#([\w-]{1,64})(?=\s|$)/

/**
 * A record of CloudTrail, bare, as LookupEvents answers or as EventBridge delivers it.
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
 */
export function normalize({ raw, receivedAt }: TrailRecord): Normalized {
  try {
    const unwrapped = unwrap(raw)
    if ('record' in unwrapped) return normalizeRecord(unwrapped, receivedAt)
    return 'notice' in unwrapped ? normalizeNotice(unwrapped.notice, receivedAt) : unwrapped
  } catch {
    // Nested too deeply, or compressed and cut off.
    return { quarantined: 'could not be read' }
  }
}

function normalizeRecord({ record, isBare }: Recorded, receivedAt: Date | undefined): Normalized {
  const [source, operation] = [textAt(record, 'eventSource'), textAt(record, 'eventName')]
  if (record.eventCategory === 'Insight') return { ignored: 'an insight: figures, no event' }
  if (source !== KMS && source !== CLOUDTRAIL) return { ignored: `of another service: ${source}` }
  if (operation === undefined) return { quarantined: 'no eventName' }
  if (source === CLOUDTRAIL && !isLoggingChange(record, operation))
    return { ignored: 'of CloudTrail, and changes nothing that is logged' }
  // The same call has a management event; but one that the policy of a VPC endpoint refused never reached the KMS.
  if (record.eventCategory === 'NetworkActivity' && textAt(record, 'errorCode') === undefined) {
    return { ignored: 'network activity of a call that has an event of its own' }
  }
  const time = timeOf(record.eventTime)
  if (time === undefined) return { quarantined: 'no eventTime; expected ISO 8601' }
  const isLogging = source === CLOUDTRAIL
  const outcome = outcomeOf(record)
  const change = isLogging ? loggingChange(record, operation) : undefined
  const event: AuditEvent = {
    ...uidOf(record, 'eventID'),
    ...time,
    ...defined<object>({
      copyGroup: textAt(record, 'sharedEventID'),
      supersedes: supersededBy(record),
      receivedAt,
      // Two sightings have to agree on the record, whatever envelope it came in.
      content: isBare ? undefined : record,
      requestId: textAt(record, 'requestID'),
      callToken: CALL_TOKEN.exec(textAt(record, 'userAgent') ?? '')?.[1],
      source: textAt(record, 'sourceIPAddress'),
      userAgent: textAt(record, 'userAgent'),
      ...(!isLogging && { kekVersion: versionOf(record), context: contextOf(record) }),
    }),
    ...principalOf(record),
    ...(isLogging ? {} : keysOf(record)),
    ...outcome,
    ...(outcome.statusDetail === undefined && change !== undefined && { statusDetail: change }),
    scope: scopeOf(accountOf(record), textAt(record, 'awsRegion')),
    kind: isLogging ? 'logging' : isOfAws(record) ? 'service' : 'call',
    operation,
    operationClass: isLogging ? 'logging' : isKnownVersion(record) ? operationClassOf(operation) : 'other',
  }
  return { event }
}

/** The account that it was logged in. Records of 2013 do not name it. */
function accountOf(record: JsonObject): string | undefined {
  return textAt(record, 'recipientAccountId') ?? textAt(record, 'userIdentity', 'accountId')
}

/** Minor versions only add members. */
function isKnownVersion(record: JsonObject): boolean {
  const version = textAt(record, 'eventVersion')
  return version === undefined || version.startsWith('1.')
}

/** An addendum that came late or after an outage corrects nothing: there was no event before. */
function supersededBy(record: JsonObject): string | undefined {
  const original = textAt(record, 'addendum', 'originalEventID')
  const isCorrection = textAt(record, 'addendum', 'reason') === 'UPDATED_DATA' && original !== record.eventID
  return isCorrection ? original : undefined
}

/** Where the id of the key material stands, which is the version of our KEK refs: of a rotation the new one. */
const VERSIONS = [
  ['additionalEventData', 'keyMaterialId'],
  ['additionalEventData', 'destinationKeyMaterialId'],
  ['serviceEventDetails', 'currentKeyMaterialId'],
  ['serviceEventDetails', 'keyMaterialId'],
  ['responseElements', 'keyMaterialId'],
  ['responseElements', 'keyMetadata', 'currentKeyMaterialId'],
  ['requestParameters', 'keyMaterialId'],
] as const

function versionOf(record: JsonObject): string | undefined {
  for (const path of VERSIONS) {
    const version = textAt(record, ...path)
    if (version !== undefined) return version
  }
  return undefined
}

/** Of a rewrap the one of the new wrap. */
function contextOf(record: JsonObject): EncryptionContext | undefined {
  const of = (name: string) => objectAt(record, 'requestParameters', name)
  const context = of('encryptionContext') ?? of('destinationEncryptionContext') ?? of('sourceEncryptionContext') ?? {}
  const pairs = Object.entries(context).filter(([, value]) => typeof value === 'string')
  return pairs.length > 0 ? (Object.fromEntries(pairs) as EncryptionContext) : undefined
}
