import {
  ConfigurationError,
  DecryptionError,
  KekUnavailableError,
  KmsAccessDeniedError,
  KmsUnavailableError,
  type KmsUnavailableReason,
  type WaxsealError,
} from '../errors.js'
import { describeKek, type KekRef } from './provider.js'

/**
 * What a KMS, or the way to it, can say no with. Each provider has a table from its vendor's codes to these. A code that is
 * in no table is `misconfigured` and never retryable: trying again what nobody understands is how calls multiply.
 */
export type VendorFailure = 'denied' | 'kek unavailable' | 'not opened' | 'misconfigured' | KmsUnavailableReason

export interface FailedCall {
  readonly provider: string
  /** The vendor's own name of the operation, as its documentation and its audit trail spell it. */
  readonly operation: string
  /** The vendor's code, from a fixed set; never a message or a body, which can hold what was sent. */
  readonly status: string
  readonly kek?: KekRef | undefined
  readonly requestId?: string | undefined
  readonly retryAfterMs?: number | undefined
}

/** The error of a failed call. The vendor's own is left out: it can hold the request, its headers and its credentials. */
export function vendorError(failure: VendorFailure, call: FailedCall): WaxsealError {
  const { kek, retryAfterMs } = call
  const options = kek && { kek }
  const what = describe(call)
  switch (failure) {
    case 'not opened':
      return new DecryptionError(undefined, options)
    case 'denied':
      return new KmsAccessDeniedError(
        `${what}: the KMS refused this identity; compare its policy with what "waxseal policy ${call.provider}" prints`,
        options,
      )
    case 'kek unavailable':
      return new KekUnavailableError(
        `${what}: the KEK is disabled, destroyed or unknown to the KMS; restore it there`,
        options,
      )
    case 'misconfigured':
      return new ConfigurationError(
        `${what}: the KMS does not take the request as it is configured; "waxseal doctor" says what to mend`,
        options,
      )
    default:
      return new KmsUnavailableError(`${what}: ${UNAVAILABLE[failure]}`, {
        ...options,
        reason: failure,
        ...(retryAfterMs !== undefined && { retryAfterMs }),
      })
  }
}

const UNAVAILABLE: Readonly<Record<KmsUnavailableReason, string>> = {
  throttled: 'too many calls',
  timeout: 'no reply in time',
  network: 'the KMS could not be reached',
  server: 'the KMS failed',
}

function describe({ provider, operation, status, kek, requestId }: FailedCall): string {
  const request = requestId === undefined ? '' : `, request ${requestId}`
  const named = kek ? ` (${describeKek(kek)})` : ''
  return `provider "${provider}": ${operation} answered ${status}${request}${named}`
}

/** What Node says where no reply came: the connection was refused, broke, or its name is not known. */
const NETWORK_CODES: ReadonlySet<unknown> = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN'],
  ...['EHOSTUNREACH', 'ENETUNREACH', 'ENETDOWN', 'UND_ERR_SOCKET', 'UND_ERR_CONNECT_TIMEOUT'],
])

/** The code of a connection that failed, on the error or on what caused it; undefined for any other error. */
export function networkCodeOf(error: unknown): string | undefined {
  for (let each = error; typeof each === 'object' && each !== null; each = (each as { cause?: unknown }).cause) {
    const { code } = each as { code?: unknown }
    if (NETWORK_CODES.has(code)) return code as string
  }
  return undefined
}
