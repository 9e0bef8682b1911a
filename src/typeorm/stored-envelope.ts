import { EMPTY_METADATA, type EnvelopeMetadata } from '../envelope/metadata.js'
import { metadataFromJson, metadataToJson } from '../envelope/metadata-codec.js'
import { HiddenState } from './shared-state.js'

interface State {
  /** Parsed when asked for: a row that does not parse must not break the loading of the others. */
  metadata?: EnvelopeMetadata
  /** Whether the subscriber made this instance for a write that is under way. */
  writable: boolean
}

const states = new HiddenState<State>('waxseal.stored-envelope')

/**
 * What the metadata column holds, as the entity carries it. Belongs to the library: it is loaded with the entity and
 * written by the subscriber only, whatever an application assigns to it.
 *
 * The members are those of the stored JSON, so that TypeORM's comparison of two instances compares what is stored.
 */
export class StoredEnvelope {
  /** Only of those that the library made: not of `new StoredEnvelope()`. */
  #state: State | undefined

  static {
    states.addReader((value) => (#state in value ? value.#state : undefined))
  }

  /** @internal */
  static fromStored(json: unknown): StoredEnvelope {
    return StoredEnvelope.#make(json, { writable: false })
  }

  /** @internal */
  static of(metadata: EnvelopeMetadata): StoredEnvelope {
    return StoredEnvelope.#make(metadataToJson(metadata), { metadata, writable: false })
  }

  static #make(json: unknown, state: State): StoredEnvelope {
    const envelope = Object.assign(new StoredEnvelope(), json)
    envelope.#state = state
    return envelope
  }
}

/** The parsed metadata; `InvalidEnvelopeError` when it is not format 1. */
export function metadataOf(envelope: unknown): EnvelopeMetadata {
  const state = states.of(envelope)
  if (state?.metadata) return state.metadata
  const metadata = envelope === null || envelope === undefined ? EMPTY_METADATA : metadataFromJson(envelope)
  if (state) state.metadata = metadata
  return metadata
}

export function isStoredEnvelope(value: unknown): value is StoredEnvelope {
  return states.of(value) !== undefined
}

export function isWritable(value: unknown): boolean {
  return states.of(value)?.writable === true
}

/** Marks an instance for one write; unmarked as soon as its statement has been built. */
export function setWritable(envelope: object, writable: boolean): void {
  const state = states.of(envelope)
  if (state) state.writable = writable
}
