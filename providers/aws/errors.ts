import { networkCodeOf, type VendorFailure } from '../../src/kms/vendor-failure.js'
import type { AwsReply } from './client.js'

/** What a dry run answers to whoever may do it. */
export const DRY_RUN = 'DryRunOperationException'

/**
 * By `error.name`: several of these are not modelled by the SDK, so there is no class to test for, and `$retryable` is set
 * on none of them.
 * https://docs.aws.amazon.com/kms/latest/APIReference/CommonErrors.html and the errors of each operation.
 */
const FAILURES: Readonly<Record<string, VendorFailure>> = {
  AccessDeniedException: 'denied',
  // Without the suffix from emulators of IAM.
  AccessDenied: 'denied',
  ExpiredTokenException: 'denied',
  InvalidClientTokenId: 'denied',
  InvalidGrantTokenException: 'denied',
  InvalidSignatureException: 'denied',
  MissingAuthenticationTokenException: 'denied',
  OptInRequired: 'denied',
  UnrecognizedClientException: 'denied',
  CredentialsProviderError: 'denied',

  DisabledException: 'kek unavailable',
  KMSInvalidStateException: 'kek unavailable',
  NotFoundException: 'kek unavailable',

  InvalidCiphertextException: 'not opened',
  IncorrectKeyException: 'not opened',

  ThrottlingException: 'throttled',
  LimitExceededException: 'throttled',

  [DRY_RUN]: 'misconfigured',

  DependencyTimeoutException: 'server',
  KMSInternalException: 'server',
  KeyUnavailableException: 'server',
  InternalFailure: 'server',
  ServiceUnavailable: 'server',

  TimeoutError: 'timeout',
}

export interface AwsFailure {
  readonly failure: VendorFailure
  readonly status: string
  readonly requestId?: string
  /** Whether the KMS answered, or nothing came back. */
  readonly replied: boolean
}

export function awsFailureOf(error: unknown): AwsFailure {
  const { name, $metadata } = (typeof error === 'object' && error !== null ? error : {}) as Partial<AwsReply> & {
    readonly name?: string
  }
  // Before the name: the SDK calls a connection that was reset a TimeoutError.
  const network = networkCodeOf(error)
  if (network !== undefined) {
    return { failure: network === 'ETIMEDOUT' ? 'timeout' : 'network', status: network, replied: false }
  }
  const { requestId, httpStatusCode = 0 } = $metadata ?? {}
  const known = name !== undefined && Object.hasOwn(FAILURES, name) ? FAILURES[name] : undefined
  return {
    failure: known ?? (httpStatusCode >= 500 ? 'server' : 'misconfigured'),
    status: known ? (name as string) : httpStatusCode > 0 ? `status ${httpStatusCode}` : 'an unknown error',
    ...(requestId !== undefined && { requestId }),
    replied: httpStatusCode > 0,
  }
}
