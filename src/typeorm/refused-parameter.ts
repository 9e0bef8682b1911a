import { inspect } from 'node:util'
import { PlaintextRefusedError } from '../errors.js'

const BRAND = Symbol.for('waxseal.refused-parameter')

/**
 * Stands for a plaintext on its way into a statement. It cannot be serialised, so whatever path TypeORM takes, the
 * plaintext does not reach the wire: not with the subscriber switched off, and not without it. It does not hold the
 * plaintext either.
 */
export class RefusedParameter {
  readonly #message: string

  /** `message` names the column and what to call instead. */
  constructor(message: string) {
    this.#message = message
    Object.defineProperty(this, BRAND, { value: true })
  }

  /** What `pg` calls to serialise a parameter. */
  toPostgres(): never {
    throw this.refusal()
  }

  toString(): never {
    throw this.refusal()
  }

  valueOf(): never {
    throw this.refusal()
  }

  [Symbol.toPrimitive](): never {
    throw this.refusal()
  }

  // Loggers print parameters before the statement is sent: they must neither fail nor show anything.
  toJSON(): string {
    return '[refused]'
  }

  [inspect.custom](): string {
    return '[refused]'
  }

  refusal(): PlaintextRefusedError {
    return new PlaintextRefusedError(this.#message)
  }
}

/** As `RefusedParameter`, for a json column, whose values TypeORM serialises by `JSON.stringify` before any logger. */
export class RefusedJsonParameter extends RefusedParameter {
  override toJSON(): never {
    throw this.refusal()
  }
}

export function isRefusedParameter(value: unknown): value is RefusedParameter {
  return typeof value === 'object' && value !== null && BRAND in value
}
