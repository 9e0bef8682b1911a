import { canonicalContext, type EncryptionContext } from '../kms/context.js'
import type { CacheId } from './data-key-cache.js'
import type { StoredWrap, WrappedMetadata } from './metadata.js'

/**
 * The identity of one unwrap. Holds everything that the KMS and the commitment would have checked (provider, KEK,
 * wrapped bytes, commitment, context), so that a hit is never weaker than a call.
 */
export function cacheIdOf(metadata: WrappedMetadata, wrap: StoredWrap, context: EncryptionContext): CacheId {
  const { provider, id, version } = wrap.kek
  // Newlines separate: none of the parts but the last can hold one.
  const parts = [metadata.id, metadata.commitment, provider, id, version, wrap.dataKey]
  return { envelope: metadata.id, entry: `${parts.join('\n')}\n${canonicalContext(context).toString('latin1')}` }
}
