/**
 * One map for all copies of this library in the process: an application can load the ESM and the CommonJS build, and a
 * value made by one must be known to the other.
 */
export function sharedWeakMap<K extends object, V>(name: string): WeakMap<K, V> {
  const shared = globalThis as unknown as Record<symbol, WeakMap<K, V> | undefined>
  const key = Symbol.for(name)
  shared[key] ??= new WeakMap<K, V>()
  return shared[key]
}
