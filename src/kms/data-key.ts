import { createSecretKey, generateKeySync, type KeyObject } from 'node:crypto'
import { inspect } from 'node:util'

export const DATA_KEY_BYTES = 32

/**
 * The AES-256 key of one credential. Held as a `KeyObject`, so that the bytes live in OpenSSL's memory and not in a
 * buffer that a log, a clone or a heap walk by property could reach; it prints as `[DataKey]`.
 */
export class DataKey {
  #key: KeyObject | undefined

  private constructor(key: KeyObject) {
    this.#key = key
  }

  static generate(): DataKey {
    // Inside OpenSSL: the bytes are in no buffer of ours, and never come from a pool of random bytes.
    return new DataKey(generateKeySync('aes', { length: DATA_KEY_BYTES * 8 }))
  }

  /** Takes ownership of `bytes`: they are zeroed before this returns, also when it throws. */
  static adopt(bytes: Uint8Array): DataKey {
    try {
      if (bytes.length !== DATA_KEY_BYTES) {
        throw new TypeError(`a data key has ${DATA_KEY_BYTES} bytes, found ${bytes.length}`)
      }
      return new DataKey(createSecretKey(bytes))
    } finally {
      bytes.fill(0)
    }
  }

  /** For `createCipheriv` and the like. Throws after `destroy()`. */
  get keyObject(): KeyObject {
    if (!this.#key) throw new TypeError('the data key was destroyed')
    return this.#key
  }

  /** Lends the raw bytes until `use` returns or its promise settles, then zeroes them. Throws after `destroy()`. */
  withBytes<T>(use: (bytes: Uint8Array) => T): T {
    const bytes = this.keyObject.export()
    let pending = false
    try {
      const result = use(bytes)
      if (!isThenable(result)) return result
      pending = true
      return Promise.resolve(result).finally(() => bytes.fill(0)) as T
    } finally {
      if (!pending) bytes.fill(0)
    }
  }

  /** Drops the key; later use throws. OpenSSL clears its copy when the runtime collects the `KeyObject`. */
  destroy(): void {
    this.#key = undefined
  }

  toString(): string {
    return '[DataKey]'
  }

  toJSON(): string {
    return '[DataKey]'
  }

  [inspect.custom](): string {
    return '[DataKey]'
  }
}

// Not by `instanceof`: a promise of another realm or library is none of our `Promise`, and the bytes would go too early.
function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function'
}
