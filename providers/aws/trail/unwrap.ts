import { isMembers, listOf, type Members, membersOf, textOf } from './members.js'

/** What is in an envelope: a record of CloudTrail, an event that the KMS sent to EventBridge itself, or neither. */
export type Unwrapped =
  | { readonly record: Members }
  | { readonly notice: Members }
  | { readonly ignored: string }
  | { readonly quarantined: string }

/** Throws `SyntaxError` for what is no JSON. */
export function unwrap(raw: string): Unwrapped {
  const value: unknown = JSON.parse(raw)
  const records = Array.isArray(value) ? value : listOf(membersOf(value).Records)
  if (records.length > 1) return { quarantined: `${records.length} records in one; expected each by itself` }
  const outer = records.length === 1 ? records[0] : value
  if (!isMembers(outer)) return { quarantined: 'no object; expected a record of CloudTrail' }
  // What LookupEvents answers with.
  if (typeof outer.CloudTrailEvent === 'string') return inner(JSON.parse(outer.CloudTrailEvent))
  if ('detail-type' in outer) return ofEventBridge(outer)
  if ('digestS3Object' in outer) return { ignored: 'a digest of log files' }
  return inner(outer)
}

function ofEventBridge(envelope: Members): Unwrapped {
  const detail = membersOf(envelope.detail)
  if (textOf(detail.eventSource) !== undefined) return inner(detail)
  if (envelope.source === 'aws.kms') return { notice: envelope }
  return { ignored: `of EventBridge: ${textOf(envelope['detail-type']) ?? 'unknown'}` }
}

function inner(value: unknown): Unwrapped {
  if (isMembers(value) && textOf(value.eventSource) !== undefined) return { record: value }
  return { quarantined: 'no eventSource; expected a record of CloudTrail' }
}
