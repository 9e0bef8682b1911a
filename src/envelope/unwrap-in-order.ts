import { DecryptionError, isWaxsealError } from '../errors.js'
import type { Clock } from '../kms/clock.js'
import type { EncryptionContext } from '../kms/context.js'
import type { DataKey } from '../kms/data-key.js'
import type { CallOptions, KmsProvider, WrappedDataKey } from '../kms/provider.js'
import { isCommitmentOf } from './commitment.js'
import type { UnwrapRoute } from './kek-list.js'
import type { WrappedMetadata } from './metadata.js'
import { wrappedDataKeyOf } from './stored-wrap.js'

export interface UnwrapJob {
  readonly metadata: WrappedMetadata
  readonly routes: readonly UnwrapRoute[]
  readonly context: EncryptionContext
  readonly clock: Clock
  /** When the last try ends: not before the deadline of the call. */
  readonly latest: number
}

export interface Unwrapped {
  readonly route: UnwrapRoute
  readonly dataKey: DataKey
}

/**
 * Tries the wraps in their order and returns the first data key that matches the commitment. The time until the deadline
 * is divided among the wraps that are left, so that a first KMS that hangs leaves time for the second. When none opens,
 * rejects with the failure of the first: it is the one to mend.
 */
export async function unwrapInOrder(
  job: UnwrapJob,
  call: CallOptions & { readonly deadline: number },
): Promise<Unwrapped> {
  const { metadata, routes, context, clock } = job
  const failures: unknown[] = []
  for (const [index, route] of routes.entries()) {
    const left = routes.length - index
    const deadline = left === 1 ? job.latest : clock.now() + (call.deadline - clock.now()) / left
    try {
      const wrapped = wrappedDataKeyOf(route.wrap)
      const dataKey = await unwrapCommitted(route.provider, wrapped, metadata, context, { ...call, deadline })
      return { route, dataKey }
    } catch (error) {
      failures.push(error)
    }
  }
  // "Not accepted" only says that another instance of the provider is responsible.
  const isPinned = (error: unknown) => isWaxsealError(error) && error.code === 'ERR_KEK_NOT_ACCEPTED'
  throw failures.find((error) => !isPinned(error)) ?? failures[0]
}

/** Unwraps and compares with the commitment: a KMS that answers with another key answers with none. */
export async function unwrapCommitted(
  provider: KmsProvider,
  wrapped: WrappedDataKey,
  metadata: WrappedMetadata,
  context: EncryptionContext,
  options: CallOptions,
): Promise<DataKey> {
  const dataKey = await provider.unwrap(wrapped, context, options)
  if (isCommitmentOf(dataKey, Buffer.from(metadata.id, 'base64url'), metadata.commitment)) return dataKey
  dataKey.destroy()
  throw new DecryptionError(undefined, { kek: wrapped.kek })
}
