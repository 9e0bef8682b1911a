import { AuditTrailGapError, KmsUnavailableError } from '../../../src/errors.js'
import type { JsonObject } from '../../../src/kms/untrusted-json.js'
import type { GcpRestApi } from '../rest-api.js'

const REFUSED = Symbol.for('waxseal.gcp-refused-request')

/** A page token that is no longer taken, or anything else that is wrong with the request. */
class RefusedRequest extends Error {
  readonly [REFUSED] = true
}

export function isRefusedRequest(error: unknown): boolean {
  return typeof error === 'object' && error !== null && REFUSED in error
}

/** What Cloud Logging says. A refusal for want of a right is a gap: what is behind it is not seen any more. */
export async function resultOf(
  api: GcpRestApi,
  method: 'GET' | 'POST',
  path: string,
  body: object | undefined,
  signal: AbortSignal,
): Promise<JsonObject> {
  const { status, code, result } = await api.ask(method, 'logging', path, body, signal)
  if (status === 200) return result
  const what = `trail "gcp": ${path} answered ${code}`
  if (status === 401 || status === 403 || status === 404) {
    throw new AuditTrailGapError(`${what}; give the reader roles/logging.privateLogViewer on the project`)
  }
  if (status === 400) throw new RefusedRequest(what)
  throw new KmsUnavailableError(what, { reason: status === 429 ? 'throttled' : 'server' })
}
