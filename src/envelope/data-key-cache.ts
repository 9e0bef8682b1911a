import { LRUCache } from 'lru-cache'
import type { Clock } from '../kms/clock.js'
import type { DataKey } from '../kms/data-key.js'

export interface DataKeyCacheOptions {
  /** How many data keys are kept. Default 10,000. */
  readonly maxKeys?: number
  /** How long one is used after it was unwrapped, in milliseconds. Default 300,000. */
  readonly maxAgeMs?: number
}

/** An unwrapped data key, and the unwrap that gave it. */
export interface LoadedDataKey {
  readonly id: CacheId
  readonly dataKey: DataKey
}

/**
 * Unwrapped data keys, bounded in number and age. Concurrent loads of one entry make one call; a failed one is not kept.
 *
 * An eviction drops the reference and does not destroy the key: a use in flight holds its own reference and is not
 * broken, and the runtime clears the key once nobody holds it.
 */
export class DataKeyCache {
  readonly #keys: LRUCache<string, DataKey> | undefined
  readonly #clock: Clock
  readonly #maxAgeMs: number
  #purgedAt: number
  readonly #loading = new Map<string, Promise<DataKey>>()
  readonly #entriesOf = new Map<string, Set<string>>()

  constructor(options: DataKeyCacheOptions | false, clock: Clock) {
    const { maxKeys = 10_000, maxAgeMs = 300_000 } = options || {}
    this.#clock = clock
    this.#maxAgeMs = maxAgeMs
    this.#purgedAt = clock.now()
    if (options === false) return
    this.#keys = new LRUCache({
      max: maxKeys,
      ttl: maxAgeMs,
      // Otherwise it would read the clock once per millisecond of its own time.
      ttlResolution: 0,
      perf: clock,
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
    this.#purge(this.#keys)
    this.#keys.set(id.entry, dataKey)
    const entries = this.#entriesOf.get(id.envelope) ?? new Set()
    this.#entriesOf.set(id.envelope, entries.add(id.entry))
  }

  /**
   * The cached key, or the one that `load` gives; `load` runs once for all who ask meanwhile. It is kept under the id that
   * `load` gives with it: of the wrap that opened, which need not be the one that was asked for.
   */
  async getOrLoad(id: CacheId, load: () => Promise<LoadedDataKey>): Promise<DataKey> {
    const cached = this.get(id)
    if (cached) return cached
    // Without a cache every open is a call of its own: then each appears in the audit trail.
    if (!this.#keys) return (await load()).dataKey
    return this.#loading.get(id.entry) ?? this.#start(id, load)
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

  #start(id: CacheId, load: () => Promise<LoadedDataKey>): Promise<DataKey> {
    const loading = load().then((loaded) => {
      if (this.#loading.get(id.entry) === loading) this.put(loaded.id, loaded.dataKey)
      return loaded.dataKey
    })
    const done = () => {
      if (this.#loading.get(id.entry) === loading) this.#loading.delete(id.entry)
    }
    this.#loading.set(id.entry, loading)
    loading.then(done, done)
    return loading
  }

  /** Keys past their age are never used; once per age they also go from memory, asked for or not. */
  #purge(keys: LRUCache<string, DataKey>): void {
    if (this.#clock.now() - this.#purgedAt < this.#maxAgeMs) return
    this.#purgedAt = this.#clock.now()
    keys.purgeStale()
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
