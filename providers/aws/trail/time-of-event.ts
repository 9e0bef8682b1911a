import type { AuditEvent } from '../../../src/audit/trail/audit-event.js'
import { textOf } from './members.js'

const UTC = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$/

/** Whole seconds, of when the request was completed. */
export function timeOf(value: unknown): Pick<AuditEvent, 'time' | 'timeText'> | undefined {
  const timeText = textOf(value)
  if (timeText === undefined || !UTC.test(timeText)) return undefined
  const time = new Date(timeText)
  return Number.isNaN(time.getTime()) ? undefined : { time, timeText }
}
