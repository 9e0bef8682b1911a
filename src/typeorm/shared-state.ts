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

type Reader<State> = (value: object) => State | undefined

/**
 * State in the private fields of a class: nothing that goes over the properties of a value finds it, and each copy of the
 * library reads the values of its own class. A WeakMap would do the same, at several times the garbage collection.
 */
export class HiddenState<State> {
  readonly #readers: Reader<State>[]

  constructor(name: string) {
    const shared = globalThis as unknown as Record<symbol, Reader<State>[] | undefined>
    const key = Symbol.for(name)
    shared[key] ??= []
    this.#readers = shared[key]
  }

  /** `read` gives the state of a value of its own class, and undefined for any other. */
  addReader(read: Reader<State>): void {
    this.#readers.push(read)
  }

  /** Undefined for what no copy of the library made. */
  of(value: unknown): State | undefined {
    if (typeof value !== 'object' || value === null) return undefined
    for (const read of this.#readers) {
      const state = read(value)
      if (state) return state
    }
    return undefined
  }
}
