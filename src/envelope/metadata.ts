import type { KekRef } from '../kms/provider.js'

/** One wrap of the data key, as it is stored. */
export interface StoredWrap {
  readonly kek: KekRef
  /** The wrapped data key in base64url. */
  readonly dataKey: string
  /** UTC, whole seconds, `Z`. */
  readonly wrappedAt: string
}

/** No envelope yet: every field is null. */
export interface EmptyMetadata {
  readonly state: 'empty'
}

export interface WrappedMetadata {
  readonly state: 'wrapped'
  /** The envelope id, 22 characters of base64url. */
  readonly id: string
  /** 43 characters of base64url. */
  readonly commitment: string
  /** 1, and one more at each change of `wraps`. */
  readonly wrap: number
  /** In the order provider, then recipients as they were configured; unwrapping tries them in this order. */
  readonly wraps: readonly StoredWrap[]
}

/** The data key is gone for good; the fields stay as they are. */
export interface ShreddedMetadata {
  readonly state: 'shredded'
  readonly id: string
  readonly commitment: string
  /** Where the receipt of the shredding is found. */
  readonly receipt: string
}

/** What `encryption_metadata` holds, parsed. */
export type EnvelopeMetadata = EmptyMetadata | WrappedMetadata | ShreddedMetadata

export const EMPTY_METADATA: EmptyMetadata = Object.freeze({ state: 'empty' })
