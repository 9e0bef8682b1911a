import { expect } from '@jest/globals'
import type { AuditEvent, Normalized } from '../../../src/audit/trail/audit-event.js'

export function eventOf(normalized: Normalized): AuditEvent {
  expect(normalized).toHaveProperty('event')
  return (normalized as { readonly event: AuditEvent }).event
}
