import { EMPTY_METADATA, type EnvelopeMetadata } from '../envelope/metadata.js'
import { metadataFromJson, metadataToJson } from '../envelope/metadata-codec.js'
import { sharedWeakMap } from './shared-state.js'

interface State {
  /** Parsed when asked for: a row that does not parse must not break the loading of the others. */
  metadata?: EnvelopeMetadata
  /** Whether the subscriber made this instance for a write that is under way. */
  writable: boolean
}

const states = sharedWeakMap<object, State>('waxseal.stored-envelope')

/**
 * What the metadata column holds, as the entity carries it. Belongs to the library: it is loaded with the entity and
 * written by the subscriber only, whatever an application assigns to it.
 *
 * The members are those of the stored JSON, so that TypeORM's comparison of two instances compares what is stored.
 */
export class StoredEnvelope {
  /** @internal */
  static fromStored(json: unknown): StoredEnvelope {
    const envelope = Object.assign(new StoredEnvelope(), json)
    states.set(envelope, { writable: false })
    return envelope
  }

  /** @internal */
  static of(metadata: EnvelopeMetadata): StoredEnvelope {
    const envelope = Object.assign(new StoredEnvelope(), metadataToJson(metadata))
    states.set(envelope, { metadata, writable: false })
    return envelope
  }
}

/** The parsed metadata; `InvalidEnvelopeError` when it is not format 1. */
export function metadataOf(envelope: unknown): EnvelopeMetadata {
  const state = typeof envelope === 'object' && envelope !== null ? states.get(envelope) : undefined
  if (state?.metadata) return state.metadata
  const metadata = envelope === null || envelope === undefined ? EMPTY_METADATA : metadataFromJson({ ...envelope })
  if (state) state.metadata = metadata
  return metadata
}

export function isStoredEnvelope(value: unknown): value is StoredEnvelope {
  return typeof value === 'object' && value !== null && states.has(value)
}

export function isWritable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && states.get(value)?.writable === true
}

/** Marks an instance for one write; unmarked as soon as its statement has been built. */
export function setWritable(envelope: StoredEnvelope, writable: boolean): void {
  const state = states.get(envelope)
  if (state) state.writable = writable
}
