import { canonicalContext, type EncryptionContext } from '../kms/context.js'
import type { CacheId } from './data-key-cache.js'
import type { UnwrapRoute } from './kek-list.js'
import type { WrappedMetadata } from './metadata.js'

/**
 * The identity of one unwrap. Holds everything that the KMS and the commitment would have checked (provider, KEK,
 * wrapped bytes, commitment, context), so that a hit is never weaker than a call. The place on the KEK list is part of
 * it: when the acceptance of a KEK ends, a provider of the same name does not inherit what was unwrapped through it.
 */
export function cacheIdOf(metadata: WrappedMetadata, route: UnwrapRoute, context: EncryptionContext): CacheId {
  const { provider, id, version } = route.wrap.kek
  // Newlines separate: none of the parts but the last can hold one.
  const parts = [metadata.id, metadata.commitment, route.place, provider, id, version, route.wrap.dataKey]
  return { envelope: metadata.id, entry: `${parts.join('\n')}\n${canonicalContext(context).toString('latin1')}` }
}
