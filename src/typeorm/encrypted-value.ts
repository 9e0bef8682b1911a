import { inspect } from 'node:util'
import type { EnvelopeBinding } from '../envelope/binding.js'
import { ConfigurationError } from '../errors.js'
import type { ColumnValues } from './mode.js'
import type { Operation } from './operation.js'
import type { PlaintextParameter } from './plaintext-parameter.js'
import type { ProtectedField } from './protected-entity.js'
import { HiddenState } from './shared-state.js'

/** A field as it lies in its column: text, or the bytes of a `bytea` column. */
export type StoredField = string | Buffer

/** What was loaded of one field. */
export interface LoadedField {
  readonly stored: StoredField
  /** It comes from the column beside which the field is adopted. */
  readonly isSource: boolean
}

/** Decrypts the fields of one row. */
export interface RowOpener {
  /** As part of `operation`, or by itself. */
  open(field: ProtectedField, loaded: LoadedField, operation?: Operation): Promise<unknown>
  /** What the row's envelope is bound to. */
  binding(): EnvelopeBinding
}

interface State {
  /** The ciphertext, once there is one; what a mode writes in its place. */
  readonly stored?: StoredField | PlaintextParameter | null
  /** It was loaded from the column beside which the field is adopted. */
  readonly isSource?: boolean
  /** What is written into that column along with it. */
  readonly source?: PlaintextParameter
  /** The plaintext of a value that is still to be written. */
  readonly plaintext?: { readonly value: unknown }
  /** Attached when the row was loaded by a path that reaches our hooks. */
  opener?: RowOpener
  field?: ProtectedField
}

/** What a value prints as; refused as a plaintext. */
export const PRINTED = '[encrypted]'

const states = new HiddenState<State>('waxseal.encrypted-value')

/**
 * A lazy field, or a field that was loaded by a path that does not decrypt. Never prints its content, and refuses to
 * become a string by accident.
 */
export class EncryptedValue<T = unknown> {
  /** Only for the type: structural typing must not take any object for one. */
  declare private readonly plaintextType: T

  readonly #state: State

  static {
    states.addReader((value) => (#state in value ? value.#state : undefined))
  }

  private constructor(state: State) {
    this.#state = state
  }

  /** A value to be encrypted when the entity is saved. */
  static of<T>(plaintext: T): EncryptedValue<T> {
    return new EncryptedValue<T>({ plaintext: { value: plaintext } })
  }

  /** @internal */
  static fromStored(stored: StoredField): EncryptedValue {
    return new EncryptedValue({ stored })
  }

  /** @internal Loaded from the column beside which the field is adopted. */
  static fromSource(stored: string): EncryptedValue {
    return new EncryptedValue({ stored, isSource: true })
  }

  /** @internal What is on its way to the table, with what to put back in memory. */
  static inFlight({ stored, source }: ColumnValues, value: unknown): EncryptedValue {
    return new EncryptedValue({ stored, plaintext: { value }, ...(source && { source }) })
  }

  /**
   * The plaintext. Calls the KMS unless the data key is cached. Rejects with `DecryptionError` or the KMS's failure, with
   * `CredentialShreddedError`, and with `ConfigurationError` when the row was loaded by a path that brings no envelope
   * (a mapped join, `callListeners(false)`): `decryptAll(repository, rows)` reads those.
   */
  async decrypt(): Promise<T> {
    return (await decryptValue(this)) as T
  }

  toString(): string {
    throw notAString()
  }

  valueOf(): never {
    throw notAString()
  }

  [Symbol.toPrimitive](): never {
    throw notAString()
  }

  toJSON(): string {
    return PRINTED
  }

  [inspect.custom](): string {
    return PRINTED
  }
}

/** As `decrypt()`, with the deadline and the bound on concurrency of an operation that decrypts more than this. */
export async function decryptValue(value: EncryptedValue, operation?: Operation): Promise<unknown> {
  const { plaintext, opener, field } = stateOf(value) as State
  if (plaintext) return plaintext.value
  if (!opener || !field) {
    throw new ConfigurationError(
      'the value was loaded without its envelope; load the entity with find() or a query builder, or use decryptAll(repository, rows)',
    )
  }
  return opener.open(field, loadedOf(value), operation)
}

/** Of a value that was loaded. */
export function loadedOf(value: EncryptedValue): LoadedField {
  const { stored, isSource = false } = stateOf(value) as State
  return { stored: stored as StoredField, isSource }
}

/** By what the statement is known that carries the value. */
export function parametersOf(value: unknown): readonly unknown[] {
  const { stored, source } = stateOf(value) ?? {}
  return [stored, source].filter((each) => each !== undefined && each !== null)
}

/** The hidden state; undefined for anything that is not an `EncryptedValue`. */
export function stateOf(value: unknown): State | undefined {
  return states.of(value)
}

export function isEncryptedValue(value: unknown): value is EncryptedValue {
  return stateOf(value) !== undefined
}

/** Whether it stands for a plaintext until its statement is built. */
export function isInFlight(value: unknown): boolean {
  const state = stateOf(value)
  return state?.stored !== undefined && state.plaintext !== undefined
}

export function attachOpener(value: EncryptedValue, opener: RowOpener, field: ProtectedField): void {
  const state = stateOf(value)
  if (!state) return
  state.opener = opener
  state.field = field
}

export function sameStored(a: unknown, b: unknown): boolean {
  if (Buffer.isBuffer(a) && Buffer.isBuffer(b)) return a.equals(b)
  return a !== undefined && a !== null && a === b
}

function notAString(): TypeError {
  return new TypeError('an encrypted value is not a string; await its decrypt()')
}
