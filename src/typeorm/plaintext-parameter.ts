import { inspect } from 'node:util'

/**
 * A plaintext that a mode lets through, on its way into a statement. An object, so that the statement is known by it as by
 * a ciphertext, and so that no logger that prints parameters prints this one.
 */
export class PlaintextParameter {
  readonly #value: string | Buffer

  constructor(value: string | Buffer) {
    this.#value = value
  }

  /** What `pg` calls to serialise a parameter. */
  toPostgres(): string | Buffer {
    return this.#value
  }

  toString(): string {
    return PRINTED
  }

  toJSON(): string {
    return PRINTED
  }

  [inspect.custom](): string {
    return PRINTED
  }
}

const PRINTED = '[plaintext]'
