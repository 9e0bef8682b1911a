import type { AuditEvent } from '../../../src/audit/trail/audit-event.js'
import { textAt } from '../../../src/kms/untrusted-json.js'

const ISO = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2}(?:\.\d+)?)(Z|[+-]\d{2}:\d{2})?$/

/** When the request was completed, in whole seconds of UTC: what came through another log store may have lost the `Z`. */
export function timeOf(value: unknown): Pick<AuditEvent, 'time' | 'timeText'> | undefined {
  const timeText = textAt(value) ?? ''
  const [, day, clock, zone = 'Z'] = ISO.exec(timeText) ?? []
  const time = new Date(`${day}T${clock}${zone}`)
  return Number.isNaN(time.getTime()) ? undefined : { time, timeText }
}
