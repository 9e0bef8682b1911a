import { createHash } from 'node:crypto'
import type { AuditEvent } from '../../../src/audit/trail/audit-event.js'
import { isMembers, type Members, textOf } from './members.js'

/** CloudTrail gives every event an id of its own since version 1.01. Without one, twins of a record are one event. */
export function uidOf(record: Members, id: unknown): Pick<AuditEvent, 'uid' | 'uidQuality'> {
  const uid = textOf(id)
  if (uid !== undefined) return { uid, uidQuality: 'native' }
  return { uid: createHash('sha256').update(sorted(record)).digest('hex'), uidQuality: 'content' }
}

function sorted(value: unknown): string {
  return JSON.stringify(value, (_name, each: unknown) =>
    isMembers(each) ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1))) : each,
  )
}
