import { KmsUnavailableError } from '../../src/errors.js'
import { type JsonObject, objectAt, parseJson, textAt } from '../../src/kms/untrusted-json.js'

const URLS = {
  iam: 'https://iam.googleapis.com',
  logging: 'https://logging.googleapis.com',
  resources: 'https://cloudresourcemanager.googleapis.com',
}

/** Of one request. */
const TIMEOUT_MS = 60_000

/** What Google Cloud has beside its KMS, over REST. */
export interface GcpRestApi {
  /** Rejects where there was no answer, or another than Google Cloud gives. */
  ask(
    method: 'GET' | 'POST',
    of: keyof typeof URLS,
    path: string,
    body: object | undefined,
    signal: AbortSignal,
  ): Promise<GcpAnswer>
}

export interface GcpAnswer {
  readonly status: number
  /** Of a refusal: as Google Cloud calls it. */
  readonly code: string
  readonly result: JsonObject
}

export type HeadersFor = (url: string) => Promise<ConstructorParameters<typeof Headers>[0]>

/** An `endpoint` is asked in the place of all of them. */
export function restApi(headersFor: HeadersFor, endpoint?: string): GcpRestApi {
  return {
    async ask(method, of, path, body, signal) {
      const url = `${endpoint ?? URLS[of]}${path}`
      const headers = new Headers(await headersFor(url))
      headers.set('content-type', 'application/json')
      const limit = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)])
      const sent = { method, headers, signal: limit, ...(body && { body: JSON.stringify(body) }) }
      const response = await fetch(url, sent)
      const { status } = response
      const answer = objectAt(parseJson(await response.text()))
      // Of a proxy: not an empty list.
      if (status === 200 && !answer) throw new KmsUnavailableError(`${url} answered no JSON`, { reason: 'server' })
      const result = answer ?? {}
      return { status, code: textAt(result, 'error', 'status') ?? `status ${status}`, result }
    },
  }
}
