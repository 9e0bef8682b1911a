import type { OperationClass } from '../../../src/audit/trail/audit-event.js'
import { type JsonObject, objectAt, textAt } from '../../../src/kms/untrusted-json.js'

/** What Cloud KMS does by itself. https://cloud.google.com/kms/docs/audit-logging */
const EVENTS: Readonly<Record<string, readonly [operation: string, OperationClass]>> = {
  rotationEvent: ['Rotation', 'key-rotate'],
  scheduledDestructionEvent: ['ScheduledDestruction', 'key-delete'],
  keyGenerationEvent: ['KeyGeneration', 'key-create'],
  importEvent: ['Import', 'key-create'],
}

/** Undefined for an entry that is not about such an event. These entries are no audit logs and name no caller. */
export function lifecycleOf(entry: JsonObject) {
  const payload = objectAt(entry, 'jsonPayload') ?? objectAt(entry, 'protoPayload')
  const type = textAt(payload, '@type') ?? textAt(payload, 'atSignType') ?? ''
  if (!/google\.cloud\.kms\.logging\.v1\.CryptoKey(Version)?Event$/.test(type)) return undefined
  for (const [member, [operation, operationClass]] of Object.entries(EVENTS)) {
    const event = objectAt(payload, member)
    if (event) return { operation, operationClass, status: objectAt(event, 'status') ?? {} }
  }
  return { operation: 'CryptoKeyEvent', operationClass: 'other' as const, status: {} }
}
