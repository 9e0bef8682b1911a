import type { QueryResultCache } from 'typeorm/cache/QueryResultCache.js'
import type { QueryResultCacheOptions } from 'typeorm/cache/QueryResultCacheOptions.js'

/** A cache of query results of the application's own, as one over Redis is; it remembers all that it was ever told. */
export class OtherCache implements QueryResultCache {
  readonly #kept = new Map<string, QueryResultCacheOptions>()
  #told: unknown[] = []

  get text(): string {
    return JSON.stringify(this.#told)
  }

  clear(): Promise<void> {
    this.#told = []
    this.#kept.clear()
    return Promise.resolve()
  }

  async getFromCache(options: QueryResultCacheOptions): Promise<QueryResultCacheOptions | undefined> {
    this.#told.push(options)
    return this.#kept.get(options.identifier ?? (options.query as string))
  }

  async storeInCache(options: QueryResultCacheOptions): Promise<void> {
    this.#told.push(options)
    this.#kept.set(options.identifier ?? (options.query as string), options)
  }

  isExpired(): boolean {
    return false
  }

  connect(): Promise<void> {
    return Promise.resolve()
  }

  disconnect(): Promise<void> {
    return Promise.resolve()
  }

  synchronize(): Promise<void> {
    return Promise.resolve()
  }

  remove(): Promise<void> {
    return Promise.resolve()
  }
}
