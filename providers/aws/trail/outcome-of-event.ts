import type { AuditEvent, EventOutcome } from '../../../src/audit/trail/audit-event.js'
import { defined, type JsonObject, textAt } from '../../../src/kms/untrusted-json.js'

/** Services differ in the suffix: `AccessDenied`, `AccessDeniedException`, `Client.UnauthorizedOperation`. */
const DENIED =
  /AccessDenied|Unauthorized|NotAuthorized|not authorized|InvalidGrantToken|ExpiredToken|UnrecognizedClient|InvalidClientToken|MissingAuthenticationToken|OptInRequired/
/** Of the KMS, `LimitExceededException` is a quota of how many there are, and waiting does not help. */
const THROTTLED = /Throttl|RequestLimitExceeded|TooManyRequests|SlowDown/

export function outcomeOf(record: JsonObject): Pick<AuditEvent, 'outcome' | 'status' | 'statusDetail'> {
  const [status, statusDetail] = [textAt(record, 'errorCode'), textAt(record, 'errorMessage')]
  const isFailed = status !== undefined || statusDetail !== undefined
  return {
    outcome: isFailed ? failureOf(status ?? statusDetail ?? '') : 'success',
    ...defined<object>({ status, statusDetail }),
  }
}

function failureOf(code: string): EventOutcome {
  if (DENIED.test(code)) return 'denied'
  return THROTTLED.test(code) ? 'throttled' : 'error'
}
