export { type AuditRole, auditGrants, auditRoles } from './grants.js'
export type { AuditEvent, EventOutcome, Normalized, OperationClass, TrailRecord } from './trail/audit-event.js'
export type { ExpectedEvent, ProviderTrail, TrailDelays } from './trail/provider-trail.js'
export type {
  CursorValue,
  PostureCheck,
  ReaderState,
  TimeWindow,
  TrailBatch,
  TrailObject,
  TrailReader,
} from './trail/trail-reader.js'
