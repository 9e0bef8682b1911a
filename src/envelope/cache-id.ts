import type { KekRef } from '../kms/provider.js'
import { type EnvelopeBinding, sameBinding } from './binding.js'
import type { UnwrapRoute } from './kek-list.js'
import type { WrappedMetadata } from './metadata.js'

/**
 * The identity of one unwrap. Holds everything that the KMS and the commitment check (KEK, wrapped bytes, commitment,
 * context), so that a hit is never weaker than a call. The place on the KEK list is part of it: when the acceptance of a
 * KEK ends, a provider of the same name does not inherit what was unwrapped through it.
 */
export interface CacheId {
  readonly envelope: string
  readonly commitment: string
  /** Of the provider, whose name is that of the KEK ref. */
  readonly place: number
  readonly kek: KekRef
  readonly wrappedKey: string
  readonly binding: EnvelopeBinding
}

/** Where it is kept, `binding` must be a copy that no caller can change. */
export function cacheIdOf(metadata: WrappedMetadata, { wrap, place }: UnwrapRoute, binding: EnvelopeBinding): CacheId {
  const { id: envelope, commitment } = metadata
  return { envelope, commitment, place, kek: wrap.kek, wrappedKey: wrap.dataKey, binding }
}

/** Of two ids with the same wrapped key, by which they were found. */
export function sameCacheId(a: CacheId, b: CacheId): boolean {
  return (
    a.envelope === b.envelope &&
    a.commitment === b.commitment &&
    a.place === b.place &&
    a.kek.id === b.kek.id &&
    a.kek.version === b.kek.version &&
    sameBinding(a.binding, b.binding)
  )
}
