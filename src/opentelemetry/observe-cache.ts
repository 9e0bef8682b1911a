import { type BatchObservableCallback, metrics } from '@opentelemetry/api'
import type { EnvelopeCipher } from '../envelope/envelope-cipher.js'
import { assertOptions, isText, type OptionRules } from '../kms/options.js'
import { INSTRUMENTATION } from './instrumentation.js'

export interface ObserveCacheOptions {
  /** Tells the ciphers of one process apart, as the attribute `waxseal.cipher`. Default: no attribute, for the only one. */
  readonly cipher?: string
}

export interface CacheObservation {
  /** No measurement mentions the cipher from here on, and nothing holds it. */
  stop(): void
}

const OPTIONS: OptionRules<ObserveCacheOptions> = { cipher: [isText, 'be a name'] }

/**
 * Measures the cache of data keys of a cipher whenever a reader of metrics asks: hits, misses and how many keys are in it.
 * Costs nothing in between. Register the MeterProvider before: there is none to be found later.
 */
export function observeCache(cipher: EnvelopeCipher, options: ObserveCacheOptions = {}): CacheObservation {
  assertOptions('observeCache', options, OPTIONS)
  const attributes = options.cipher === undefined ? {} : { 'waxseal.cipher': options.cipher }
  const meter = metrics.getMeter(INSTRUMENTATION)
  const hits = meter.createObservableCounter('waxseal.cache.hits', {
    description: 'Openings of envelopes that found the data key in the cache',
    unit: '{opening}',
  })
  const misses = meter.createObservableCounter('waxseal.cache.misses', {
    description: 'Openings of envelopes that had to wait for a KMS',
    unit: '{opening}',
  })
  const keys = meter.createObservableUpDownCounter('waxseal.cache.keys', {
    description: 'Data keys in the cache',
    unit: '{key}',
  })
  const observed = [hits, misses, keys]
  const observe: BatchObservableCallback = (result) => {
    const statistics = cipher.cacheStatistics
    result.observe(hits, statistics.hits, attributes)
    result.observe(misses, statistics.misses, attributes)
    result.observe(keys, statistics.keys, attributes)
  }
  meter.addBatchObservableCallback(observe, observed)
  return { stop: () => meter.removeBatchObservableCallback(observe, observed) }
}
