import { AuditTrailGapError, KmsUnavailableError } from '../../../src/errors.js'
import { type JsonObject, objectAt, parseJson, textAt } from '../../../src/kms/untrusted-json.js'

/** Cloud Logging and Resource Manager over REST, as whoever may read the trail. */
export interface GcpLoggingApi {
  /** Rejects where there was no answer. */
  ask(
    method: 'GET' | 'POST',
    of: 'logging' | 'policy',
    path: string,
    body: object | undefined,
    signal: AbortSignal,
  ): Promise<{
    readonly status: number
    readonly text: string
  }>
}

const REFUSED = Symbol.for('waxseal.gcp-refused-request')

/** A page token that is no longer taken, or anything else that is wrong with the request. */
class RefusedRequest extends Error {
  readonly [REFUSED] = true
}

export function isRefusedRequest(error: unknown): boolean {
  return typeof error === 'object' && error !== null && REFUSED in error
}

/** The result of a request. A refusal for want of a right is a gap: what is behind it is not seen any more. */
export async function resultOf(api: GcpLoggingApi, ...request: Parameters<GcpLoggingApi['ask']>): Promise<JsonObject> {
  const [, , path] = request
  const { status, text } = await api.ask(...request)
  const result = objectAt(parseJson(text)) ?? {}
  if (status === 200) return result
  const code = textAt(result, 'error', 'status') ?? `status ${status}`
  const what = `trail "gcp": ${path} answered ${code}`
  if (status === 401 || status === 403 || status === 404) {
    throw new AuditTrailGapError(`${what}; give the reader roles/logging.privateLogViewer on the project`)
  }
  if (status === 400) throw new RefusedRequest(what)
  throw new KmsUnavailableError(what, { reason: status === 429 ? 'throttled' : 'server' })
}
