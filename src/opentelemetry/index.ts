export { type CacheObservation, type ObserveCacheOptions, observeCache } from './observe-cache.js'
export {
  type CountedRead,
  observePlaintextReads,
  type PlaintextReadsObservation,
} from './observe-plaintext-reads.js'
export { ObservedProvider, type ObservedProviderOptions } from './observed-provider.js'
