import type { AuditEvent, Normalized, TrailRecord } from '../../../src/audit/trail/audit-event.js'
import type { EncryptionContext } from '../../../src/kms/context.js'
import { uidOf } from './event-uid.js'
import { keysOf } from './keys-of-event.js'
import { KMS } from './kms-exclusion.js'
import { CLOUDTRAIL, isLoggingChange, loggingChange } from './logging-change.js'
import { type Members, membersOf, present, textOf } from './members.js'
import { normalizeNotice } from './notice.js'
import { operationClassOf } from './operations.js'
import { outcomeOf } from './outcome-of-event.js'
import { isOfAws, principalOf } from './principal-of-event.js'
import { timeOf } from './time-of-event.js'
import { unwrap } from './unwrap.js'

/** The provider adds it to the user agent of each attempt. Anybody can. */
const CALL_TOKEN = /\bmd\/call#([\w-]{1,64})(?=\s|$)/

/**
 * A record of CloudTrail, bare, as LookupEvents answers or as EventBridge delivers it.
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
 */
export function normalize({ raw, receivedAt }: TrailRecord): Normalized {
  try {
    const unwrapped = unwrap(raw)
    if ('record' in unwrapped) return normalizeRecord(unwrapped.record, receivedAt)
    return 'notice' in unwrapped ? normalizeNotice(unwrapped.notice, receivedAt) : unwrapped
  } catch (error) {
    // Nested too deeply is a RangeError.
    return { quarantined: error instanceof SyntaxError ? 'not JSON' : 'could not be read' }
  }
}

function normalizeRecord(record: Members, receivedAt: Date | undefined): Normalized {
  const [source, operation] = [textOf(record.eventSource), textOf(record.eventName)]
  if (record.eventCategory === 'Insight') return { ignored: 'an insight: figures, no event' }
  if (source !== KMS && source !== CLOUDTRAIL) return { ignored: `of another service: ${source}` }
  if (operation === undefined) return { quarantined: 'no eventName' }
  if (source === CLOUDTRAIL && !isLoggingChange(record, operation)) return { ignored: 'a look at the trail' }
  // The same call has a management event; but one that the policy of a VPC endpoint refused never reached the KMS.
  if (record.eventCategory === 'NetworkActivity' && textOf(record.errorCode) === undefined) {
    return { ignored: 'network activity of a call that has an event of its own' }
  }
  const time = timeOf(record.eventTime)
  if (time === undefined) return { quarantined: 'no eventTime; expected ISO 8601' }
  const isLogging = source === CLOUDTRAIL
  const outcome = outcomeOf(record)
  const change = isLogging ? loggingChange(record, operation) : undefined
  const event: AuditEvent = {
    ...uidOf(record, record.eventID),
    ...time,
    ...present<object>({
      copyGroup: textOf(record.sharedEventID),
      supersedes: supersededBy(record),
      receivedAt,
      requestId: textOf(record.requestID),
      callToken: CALL_TOKEN.exec(textOf(record.userAgent) ?? '')?.[1],
      source: textOf(record.sourceIPAddress),
      userAgent: textOf(record.userAgent),
      ...(!isLogging && { kekVersion: versionOf(record), context: contextOf(record) }),
    }),
    ...principalOf(record),
    ...(isLogging ? {} : keysOf(record)),
    ...outcome,
    ...(outcome.statusDetail === undefined && change !== undefined && { statusDetail: change }),
    scope: scopeOf(record),
    kind: isLogging ? 'logging' : isOfAws(record) ? 'service' : 'call',
    operation,
    operationClass: isLogging ? 'logging' : isKnownVersion(record) ? operationClassOf(operation) : 'other',
  }
  return { event }
}

/** The account that it was logged in. Records of 2013 do not name it. */
function scopeOf(record: Members): string {
  const account = textOf(record.recipientAccountId) ?? textOf(membersOf(record.userIdentity).accountId)
  return `${account ?? 'unknown'}/${textOf(record.awsRegion) ?? 'unknown'}`
}

/** Minor versions only add members. */
function isKnownVersion(record: Members): boolean {
  const version = textOf(record.eventVersion)
  return version === undefined || version.startsWith('1.')
}

/** An addendum that came late or after an outage corrects nothing: there was no event before. */
function supersededBy(record: Members): string | undefined {
  const { reason, originalEventID } = membersOf(record.addendum)
  const original = textOf(originalEventID)
  return reason === 'UPDATED_DATA' && original !== record.eventID ? original : undefined
}

/** The id of the key material, which is the version of our KEK refs. */
function versionOf(record: Members): string | undefined {
  const { keyMaterialId, destinationKeyMaterialId } = membersOf(record.additionalEventData)
  return textOf(keyMaterialId ?? destinationKeyMaterialId)
}

function contextOf(record: Members): EncryptionContext | undefined {
  const request = membersOf(record.requestParameters)
  const context = request.encryptionContext ?? request.destinationEncryptionContext ?? request.sourceEncryptionContext
  const pairs = Object.entries(membersOf(context)).filter(([, value]) => typeof value === 'string')
  return pairs.length > 0 ? (Object.fromEntries(pairs) as EncryptionContext) : undefined
}
