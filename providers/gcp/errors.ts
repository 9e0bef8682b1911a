import type { VendorFailure } from '../../src/kms/vendor-failure.js'

/** By the number of the gRPC status. https://cloud.google.com/apis/design/errors */
const STATUSES: Readonly<Record<number, readonly [name: string, failure: VendorFailure]>> = {
  1: ['CANCELLED', 'network'],
  3: ['INVALID_ARGUMENT', 'misconfigured'],
  4: ['DEADLINE_EXCEEDED', 'timeout'],
  5: ['NOT_FOUND', 'kek unavailable'],
  6: ['ALREADY_EXISTS', 'misconfigured'],
  7: ['PERMISSION_DENIED', 'denied'],
  8: ['RESOURCE_EXHAUSTED', 'throttled'],
  9: ['FAILED_PRECONDITION', 'kek unavailable'],
  10: ['ABORTED', 'server'],
  11: ['OUT_OF_RANGE', 'misconfigured'],
  12: ['UNIMPLEMENTED', 'misconfigured'],
  13: ['INTERNAL', 'server'],
  14: ['UNAVAILABLE', 'server'],
  16: ['UNAUTHENTICATED', 'denied'],
}

/** Where the ciphertext comes from a row: what Cloud KMS says to one that is not the key's, and some emulators as INTERNAL. */
const NOT_OPENED: ReadonlySet<unknown> = new Set([3, 13])

export interface GcpFailure {
  readonly failure: VendorFailure
  readonly status: string
  /** Whether the KMS answered, or the status is gRPC's own. */
  readonly replied: boolean
}

/** How a status is called; by its number where it has no name here. */
export function statusNameOf(code: number): string {
  return STATUSES[code]?.[0] ?? `status ${code}`
}

/** `of`: what was sent. A ciphertext that does not open is for whoever wrote the row, not for whoever configures. */
export function gcpFailureOf(error: unknown, of: 'ciphertext' | 'request'): GcpFailure {
  const {
    code,
    details = '',
    message = '',
    metadata,
  } = (typeof error === 'object' && error !== null ? error : {}) as GrpcError
  if (code === undefined && message.startsWith('Could not load the default credentials')) {
    return { failure: 'misconfigured', status: 'no credentials', replied: false }
  }
  const [name, known] = STATUSES[code as number] ?? ['an unknown error', 'misconfigured']
  // A reply has headers at least. gRPC makes statuses of its own for what happens on the way, and those have none.
  const replied = Object.keys(metadata?.getMap() ?? {}).length > 0
  if (!replied && (known === 'server' || NO_CONNECTION.test(details))) {
    return { failure: 'network', status: name, replied }
  }
  // A checksum that does not fit what arrived is no fault of the row's.
  if (code === 3 && /checksum/i.test(details))
    return { failure: 'network', status: 'a checksum that does not fit', replied }
  const failure = of === 'ciphertext' && NOT_OPENED.has(code) ? 'not opened' : known
  return { failure, status: name, replied }
}

/** The token of the identity comes over the network as well, and its failures have no status of gRPC's. */
const NO_CONNECTION = /\b(ECONN\w+|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EPIPE|EHOSTUNREACH|ENETUNREACH)\b/

/** `ServiceError` of gRPC, as far as it is looked at. */
interface GrpcError {
  readonly code?: unknown
  readonly details?: string
  readonly message?: string
  readonly metadata?: { getMap(): object }
}
