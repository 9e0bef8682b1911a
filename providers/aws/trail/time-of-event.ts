import type { AuditEvent } from '../../../src/audit/trail/audit-event.js'
import { textAt } from '../../../src/kms/untrusted-json.js'
import { parseUtcTime } from '../../../src/kms/utc-time.js'

/** When the request was completed, in whole seconds of UTC: what came through another log store may be spelt otherwise. */
export function timeOf(value: unknown): Pick<AuditEvent, 'time' | 'timeText'> | undefined {
  const timeText = textAt(value) ?? ''
  const time = parseUtcTime(timeText)?.date
  return time && { time, timeText }
}
