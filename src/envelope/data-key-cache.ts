import { LRUCache } from 'lru-cache'
import type { Clock } from '../kms/clock.js'
import type { DataKey } from '../kms/data-key.js'
import { type CacheId, sameCacheId } from './cache-id.js'

export interface DataKeyCacheOptions {
  /** How many data keys are kept. Default 10,000. */
  readonly maxKeys?: number
  /** How long one is used after it was unwrapped, in milliseconds. Default 300,000. */
  readonly maxAgeMs?: number
}

/** What the cache did for the openings of one cipher so far. */
export interface CacheStatistics {
  /** Openings that found the data key in the cache. */
  readonly hits: number
  /** Openings that had to wait for a KMS. Those who wait for one unwrap together are counted each. */
  readonly misses: number
  /** How many data keys are in the cache now. */
  readonly keys: number
}

/** An unwrapped data key, and the unwrap that gave it. */
export interface LoadedDataKey {
  readonly id: CacheId
  readonly dataKey: DataKey
  /** What the fields of the envelope are authenticated with; the same for whoever has the same id. */
  readonly aad: string
}

interface Load {
  readonly id: CacheId
  readonly loaded: Promise<LoadedDataKey>
}

/**
 * Unwrapped data keys, bounded in number and age. Concurrent loads of one id make one call; a failed one is not kept.
 *
 * They are found by the wrapped key and given out for the whole id only: under one wrapped key there is one entry, the
 * last. An eviction drops the reference and does not destroy the key: a use in flight holds its own reference and is not
 * broken, and the runtime clears the key once nobody holds it.
 */
export class DataKeyCache {
  readonly #keys: LRUCache<string, LoadedDataKey> | undefined
  /** By envelope: the wrapped keys in `#keys`, which are as many as its wraps have opened. */
  readonly #wrappedKeys = new Map<string, Set<string>>()
  readonly #clock: Clock
  readonly #maxAgeMs: number
  #purgedAt: number
  readonly #loads = new Map<string, Load>()

  constructor(options: DataKeyCacheOptions | false, clock: Clock) {
    const { maxKeys = 10_000, maxAgeMs = 300_000 } = options || {}
    this.#clock = clock
    this.#maxAgeMs = maxAgeMs
    this.#purgedAt = clock.now()
    if (options === false) return
    // Without the resolution it would read the clock once per millisecond of its own time.
    this.#keys = new LRUCache({
      ...{ max: maxKeys, ttl: maxAgeMs, ttlResolution: 0, perf: clock },
      dispose: ({ id }) => this.#unlist(id),
    })
  }

  get size(): number {
    return this.#keys?.size ?? 0
  }

  get(id: CacheId): LoadedDataKey | undefined {
    const found = this.#keys?.get(id.wrappedKey)
    return found && sameCacheId(found.id, id) ? found : undefined
  }

  put(loaded: LoadedDataKey): void {
    if (!this.#keys) return
    this.#purge(this.#keys)
    const { envelope, wrappedKey } = loaded.id
    this.#keys.set(wrappedKey, loaded)
    // Afterwards: what stood under the wrapped key before has been struck off.
    const listed = this.#wrappedKeys.get(envelope)
    if (listed) listed.add(wrappedKey)
    else this.#wrappedKeys.set(envelope, new Set([wrappedKey]))
  }

  /**
   * The cached key, or the one that `load` gives; `load` runs once for all who ask meanwhile. It is kept under the id that
   * `load` gives with it: of the wrap that opened, which need not be the one that was asked for.
   */
  getOrLoad(id: CacheId, load: () => Promise<LoadedDataKey>): Promise<LoadedDataKey> {
    const cached = this.get(id)
    if (cached) return Promise.resolve(cached)
    // Without a cache every open is a call of its own: then each appears in the audit trail.
    if (!this.#keys) return load()
    const underWay = this.#loads.get(id.wrappedKey)
    return underWay && sameCacheId(underWay.id, id) ? underWay.loaded : this.#start(id, load)
  }

  /** Whoever goes through a table asks it for each row: it looks through no other keys. */
  forget(envelopeId: string): void {
    for (const wrappedKey of this.#wrappedKeys.get(envelopeId) ?? []) this.#keys?.delete(wrappedKey)
    // A load under way would put back what was just forgotten.
    for (const [wrappedKey, { id }] of this.#loads) {
      if (id.envelope === envelopeId) this.#loads.delete(wrappedKey)
    }
  }

  clear(): void {
    this.#keys?.clear()
    this.#loads.clear()
  }

  #unlist({ envelope, wrappedKey }: CacheId): void {
    const listed = this.#wrappedKeys.get(envelope)
    listed?.delete(wrappedKey)
    if (listed?.size === 0) this.#wrappedKeys.delete(envelope)
  }

  #start(id: CacheId, load: () => Promise<LoadedDataKey>): Promise<LoadedDataKey> {
    const started: Load = { id, loaded: load() }
    /** Whether this load still counts: it was not forgotten, and no other one took its place. */
    const end = () => this.#loads.get(id.wrappedKey) === started && this.#loads.delete(id.wrappedKey)
    this.#loads.set(id.wrappedKey, started)
    started.loaded.then((loaded) => {
      if (end()) this.put(loaded)
    }, end)
    return started.loaded
  }

  /** Keys past their age are never used; once per age they also go from memory, asked for or not. */
  #purge(keys: LRUCache<string, LoadedDataKey>): void {
    if (this.#clock.now() - this.#purgedAt < this.#maxAgeMs) return
    this.#purgedAt = this.#clock.now()
    keys.purgeStale()
  }
}
