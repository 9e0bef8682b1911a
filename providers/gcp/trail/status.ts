import type { EventOutcome } from '../../../src/audit/trail/audit-event.js'
import { type JsonObject, listAt, objectAt, textAt } from '../../../src/kms/untrusted-json.js'
import { statusNameOf } from '../errors.js'

/** By name. Others are errors. */
const OUTCOMES: Readonly<Record<string, EventOutcome>> = {
  PERMISSION_DENIED: 'denied',
  UNAUTHENTICATED: 'denied',
  RESOURCE_EXHAUSTED: 'throttled',
}
const SUCCESS: ReadonlySet<string> = new Set(['0', 'OK'])

/** What became of a call: a status of gRPC, of which an empty one is a success. */
export function statusOf(payload: JsonObject | undefined, status = objectAt(payload, 'status')) {
  const refused = refusedPermissions(payload)
  const code = textAt(status, 'code') ?? '0'
  if (!SUCCESS.has(code)) {
    const name = /^\d+$/.test(code) ? statusNameOf(Number(code)) : code
    return {
      outcome: Object.hasOwn(OUTCOMES, name) ? (OUTCOMES[name] as EventOutcome) : ('error' as const),
      status: name,
      statusDetail: textAt(status, 'message'),
    }
  }
  // Without any status the permissions are what there is.
  if (!status && refused.length > 0) {
    return { outcome: 'denied' as const, status: undefined, statusDetail: `not granted: ${refused.join(', ')}` }
  }
  return { outcome: 'success' as const, status: undefined, statusDetail: undefined }
}

/** `granted` is left out where it is false. */
function refusedPermissions(payload: JsonObject | undefined): string[] {
  return listAt(payload, 'authorizationInfo').flatMap((each) => {
    const permission = textAt(each, 'permission')
    return permission !== undefined && objectAt(each)?.['granted'] !== true ? [permission] : []
  })
}
