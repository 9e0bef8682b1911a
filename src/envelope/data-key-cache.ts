import { LRUCache } from 'lru-cache'
import type { Clock } from '../kms/clock.js'
import type { DataKey } from '../kms/data-key.js'

export interface DataKeyCacheOptions {
  /** How many data keys are kept. Default 10,000. */
  readonly maxKeys?: number
  /** How long one is kept after it was unwrapped, in milliseconds. Default 300,000. */
  readonly maxAgeMs?: number
}

/**
 * Unwrapped data keys, bounded in number and age. Concurrent loads of one entry make one call; a failed one is not kept.
 *
 * An eviction drops the reference and does not destroy the key: a use in flight holds its own reference and is not
 * broken, and the runtime clears the key once nobody holds it.
 */
export class DataKeyCache {
  readonly #keys: LRUCache<string, DataKey> | undefined
  readonly #loading = new Map<string, Promise<DataKey>>()
  readonly #entriesOf = new Map<string, Set<string>>()

  constructor(options: DataKeyCacheOptions | false, clock: Clock) {
    if (options === false) return
    this.#keys = new LRUCache({
      max: options.maxKeys ?? 10_000,
      ttl: options.maxAgeMs ?? 300_000,
      perf: { now: () => clock.now() },
      dispose: (_key, id) => this.#unlink(id),
    })
  }

  get size(): number {
    return this.#keys?.size ?? 0
  }

  get(id: CacheId): DataKey | undefined {
    return this.#keys?.get(id.entry)
  }

  put(id: CacheId, dataKey: DataKey): void {
    if (!this.#keys) return
    this.#keys.set(id.entry, dataKey)
    const entries = this.#entriesOf.get(id.envelope) ?? new Set()
    this.#entriesOf.set(id.envelope, entries.add(id.entry))
  }

  /** The cached key, or the one that `load` gives; `load` runs once for all who ask meanwhile. */
  async getOrLoad(id: CacheId, load: () => Promise<DataKey>): Promise<DataKey> {
    const cached = this.get(id)
    if (cached) return cached
    // Without a cache every open is a call of its own: then each appears in the audit trail.
    if (!this.#keys) return load()
    const loading = this.#loading.get(id.entry) ?? this.#start(id, load)
    return loading
  }

  forget(envelopeId: string): void {
    for (const entry of [...(this.#entriesOf.get(envelopeId) ?? [])]) this.#keys?.delete(entry)
    // A load under way would put back what was just forgotten.
    for (const entry of [...this.#loading.keys()]) {
      if (entry.startsWith(envelopeId)) this.#loading.delete(entry)
    }
  }

  clear(): void {
    this.#keys?.clear()
    this.#loading.clear()
  }

  #start(id: CacheId, load: () => Promise<DataKey>): Promise<DataKey> {
    const loading = load().then(
      (dataKey) => {
        if (this.#loading.get(id.entry) === loading) this.put(id, dataKey)
        return dataKey
      },
    )
    const done = () => {
      if (this.#loading.get(id.entry) === loading) this.#loading.delete(id.entry)
    }
    this.#loading.set(id.entry, loading)
    loading.then(done, done)
    return loading
  }

  #unlink(entry: string): void {
    const envelope = entry.slice(0, ENVELOPE_ID_CHARACTERS)
    const entries = this.#entriesOf.get(envelope)
    entries?.delete(entry)
    if (entries?.size === 0) this.#entriesOf.delete(envelope)
  }
}

const ENVELOPE_ID_CHARACTERS = 22

/** Names one unwrap: of which envelope, through which wrap, for which context. */
export interface CacheId {
  readonly envelope: string
  /** Starts with the envelope id. */
  readonly entry: string
}
