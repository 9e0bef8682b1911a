import { networkCodeOf, type VendorFailure } from '../../src/kms/vendor-failure.js'
import type { AzureRawReply } from './client.js'

/**
 * By the inner code of a 403, else by the code. The SDK's errors keep the inner one under one of its two spellings only.
 * https://learn.microsoft.com/azure/key-vault/general/rest-error-codes
 */
const FAILURES: Readonly<Record<string, VendorFailure>> = {
  AccessDenied: 'denied',
  Forbidden: 'denied',
  ForbiddenByConnection: 'denied',
  ForbiddenByFirewall: 'denied',
  ForbiddenByPolicy: 'denied',
  ForbiddenByRbac: 'denied',
  Unauthorized: 'denied',

  KeyDisabled: 'kek unavailable',
  KeyExpired: 'kek unavailable',
  KeyNotFound: 'kek unavailable',
  KeyNotYetValid: 'kek unavailable',

  KeyOperationForbidden: 'misconfigured',
  BadParameter: 'misconfigured',

  Throttled: 'throttled',
  InternalServerError: 'server',
  ServiceUnavailable: 'server',
}

const BY_HTTP_STATUS: Readonly<Record<number, VendorFailure>> = {
  401: 'denied',
  403: 'denied',
  408: 'timeout',
  429: 'throttled',
}

/** By `error.name`: no token could be had, so that nothing was sent. */
const NO_TOKEN: ReadonlySet<unknown> = new Set([
  'AggregateAuthenticationError',
  'AuthenticationError',
  'AuthenticationRequiredError',
  'CredentialUnavailableError',
])
/** Of Node, where the certificate of the vault is not trusted. */
const UNTRUSTED = /^(CERT_|DEPTH_ZERO_|ERR_TLS_|SELF_SIGNED_|UNABLE_TO_)[A-Z_]+$/

export interface AzureFailure {
  readonly failure: VendorFailure
  readonly status: string
  readonly retryAfterMs?: number
}

/** `reply` is the last that came to this call; an error without one says what happened on the way. */
export function azureFailureOf(error: unknown, reply: AzureRawReply | undefined): AzureFailure {
  const replied = reply && failureOfReply(reply)
  if (replied) return replied
  const { name, code } = (typeof error === 'object' && error !== null ? error : {}) as {
    name?: unknown
    code?: unknown
  }
  if (NO_TOKEN.has(name)) return { failure: 'denied', status: name as string }
  if (name === 'AbortError' || name === 'TimeoutError') return { failure: 'timeout', status: 'no reply' }
  const network = networkCodeOf(error)
  if (network !== undefined) return { failure: 'network', status: network }
  if (typeof code === 'string' && UNTRUSTED.test(code)) return { failure: 'misconfigured', status: code }
  return { failure: 'misconfigured', status: 'an unknown error' }
}

/** Undefined for a reply that is no refusal: what failed came after it. */
function failureOfReply({ status, headers, parsedBody }: AzureRawReply): AzureFailure | undefined {
  if (status >= 200 && status < 300) return undefined
  const code = codesOf(parsedBody).find((each) => Object.hasOwn(FAILURES, each))
  // A refusal of too many calls and a failure of the server are told by the status, whatever the body says.
  const failure = status >= 500 ? 'server' : (BY_HTTP_STATUS[status] ?? 'misconfigured')
  const isOfStatus = code === undefined || status === 429 || status >= 500
  const retryAfterMs = retryAfterOf(headers.get('retry-after'))
  return {
    failure: isOfStatus ? failure : (FAILURES[code] as VendorFailure),
    status: code ?? `status ${status}`,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  }
}

/** From the innermost to the outermost. */
function codesOf(body: unknown): string[] {
  interface Coded {
    readonly code?: unknown
    readonly innererror?: Coded | null
    readonly innerError?: Coded | null
  }
  const codes: string[] = []
  let each = (body as { error?: Coded } | undefined)?.error ?? undefined
  while (typeof each === 'object' && each !== null && codes.length < 4) {
    if (typeof each.code === 'string') codes.unshift(each.code)
    each = each.innererror ?? each.innerError ?? undefined
  }
  return codes
}

/** Seconds, or a date. https://www.rfc-editor.org/rfc/rfc9110#name-retry-after */
function retryAfterOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - Date.now()
  return Number.isNaN(ms) ? undefined : Math.max(0, ms)
}
