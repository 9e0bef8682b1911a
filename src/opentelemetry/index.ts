export { type CacheObservation, type ObserveCacheOptions, observeCache } from './observe-cache.js'
export { ObservedProvider, type ObservedProviderOptions } from './observed-provider.js'
