import { createHash } from 'node:crypto'
import type { AuditEvent } from '../../../src/audit/trail/audit-event.js'
import { type JsonObject, objectAt, textAt } from '../../../src/kms/untrusted-json.js'

/** CloudTrail gives every event an id of its own since version 1.01. Without one, twins of a record are one event. */
export function uidOf(record: JsonObject, name: string): Pick<AuditEvent, 'uid' | 'uidQuality'> {
  const uid = textAt(record, name)
  if (uid !== undefined) return { uid, uidQuality: 'native' }
  return { uid: createHash('sha256').update(sorted(record)).digest('hex'), uidQuality: 'content' }
}

function sorted(value: unknown): string {
  return JSON.stringify(value, (_name, each: unknown) => {
    const object = objectAt(each)
    return object ? Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1))) : each
  })
}
