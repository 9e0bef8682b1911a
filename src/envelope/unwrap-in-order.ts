import { DecryptionError, isWaxsealError } from '../errors.js'
import type { Clock } from '../kms/clock.js'
import type { EncryptionContext } from '../kms/context.js'
import type { DataKey } from '../kms/data-key.js'
import type { CallOptions, KmsProvider, WrappedDataKey } from '../kms/provider.js'
import { isCommitmentOf } from './commitment.js'
import type { UnwrapRoute } from './kek-list.js'
import type { WrappedMetadata } from './metadata.js'
import { wrappedDataKeyOf } from './stored-wrap.js'

/**
 * Tries the wraps in their order and returns the first data key that matches the commitment. The time until the deadline
 * is divided among the wraps that are left, so that a first KMS that hangs leaves time for the second. When none opens,
 * rejects with the failure of the first: it is the one to mend.
 */
export async function unwrapInOrder(
  metadata: WrappedMetadata,
  routes: readonly UnwrapRoute[],
  context: EncryptionContext,
  clock: Clock,
  deadline: number,
): Promise<DataKey> {
  const failures: unknown[] = []
  for (const [index, { wrap, provider }] of routes.entries()) {
    const share = (deadline - clock.now()) / (routes.length - index)
    const options = { deadline: clock.now() + share }
    try {
      return await unwrapCommitted(provider, wrappedDataKeyOf(wrap), metadata, context, options)
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
  const id = Buffer.from(metadata.id, 'base64url')
  if (isCommitmentOf(dataKey, id, Buffer.from(metadata.commitment, 'base64url'))) return dataKey
  dataKey.destroy()
  throw new DecryptionError(undefined, { kek: wrapped.kek })
}
