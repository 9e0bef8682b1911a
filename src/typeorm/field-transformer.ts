import { type FindOperator, InstanceChecker, type ValueTransformer } from 'typeorm'
import { type FieldKind, sameValue } from '../envelope/field-value.js'
import { FORMAT } from '../envelope/format.js'
import type { AdoptOptions } from '../postgres/adopt-options.js'
import { EncryptedValue, isEncryptedValue, isInFlight, type StoredField, stateOf } from './encrypted-value.js'
import type { PlaintextParameter } from './plaintext-parameter.js'
import { isRefusedParameter, RefusedParameter } from './refused-parameter.js'

/** How a field is declared; kept on its transformer, which is where TypeORM's metadata lets us find it again. */
export interface FieldDeclaration {
  readonly kind: FieldKind
  readonly lazy: boolean
  /** The logical id, where it was fixed by hand. */
  readonly id?: string
  readonly adopt?: AdoptOptions
}

const BRAND = Symbol.for('waxseal.field')

/**
 * The transformer of an encrypted column. TypeORM calls `to` on every parameterised path, with or without subscribers,
 * so a plaintext becomes a `RefusedParameter` here and only a ciphertext passes.
 *
 * `save()` calls it on both sides of its comparison too. Two equal plaintexts in a row therefore give the same object,
 * and `===` says that nothing changed.
 */
export class FieldTransformer implements ValueTransformer {
  readonly [BRAND]: FieldDeclaration
  readonly #label: string
  #last: { readonly value: unknown; readonly parameter: RefusedParameter } | undefined

  constructor(label: string, declaration: FieldDeclaration) {
    this.#label = label
    this[BRAND] = declaration
  }

  to(value: unknown): StoredField | PlaintextParameter | RefusedParameter | FindOperator<unknown> | null | undefined {
    if (value === undefined || value === null) return value
    // TypeORM hands a reused FindOperator its own output again.
    if (isRefusedParameter(value)) return value
    // TypeORM 0.3 hands over the operators inside an Or() as they are; it is their values that count.
    if (InstanceChecker.isFindOperator(value)) {
      value.transformValue(this)
      return value
    }
    const state = stateOf(value)
    if (state?.stored !== undefined && (isInFlight(value) || isCiphertext(state))) return state.stored
    const plaintext = isEncryptedValue(value) ? (state?.plaintext?.value ?? state?.stored) : value
    if (this.#last && sameValue(this[BRAND].kind, this.#last.value, plaintext)) return this.#last.parameter
    const parameter = new RefusedParameter(
      `${this.#label}: refused to send a value that was not encrypted; write it with save() or insert() and listeners on, ` +
        'or with updateEncrypted() or upsertEncrypted(); it cannot be searched for',
    )
    this.#last = { value: plaintext, parameter }
    // Both sides of a comparison are asked for in one go; beyond that the plaintext is not ours to keep.
    queueMicrotask(() => {
      this.#last = undefined
    })
    return parameter
  }

  from(stored: unknown): EncryptedValue | null | undefined {
    if (stored === undefined || stored === null) return stored
    return EncryptedValue.fromStored(isCachedBytes(stored) ? Buffer.from(stored.data) : (stored as StoredField))
  }
}

/** Where a mode reads rows without an envelope, a value that was loaded can be a plaintext as well. */
function isCiphertext({ stored }: { readonly stored?: unknown }): boolean {
  return typeof stored === 'string'
    ? stored.startsWith(`ws${FORMAT}:`)
    : Buffer.isBuffer(stored) && stored[0] === FORMAT
}

/** A query cache keeps results as JSON, in which bytes are what `Buffer` makes of them. */
function isCachedBytes(stored: unknown): stored is { readonly data: readonly number[] } {
  const { type, data } = stored as { type?: unknown; data?: unknown }
  return type === 'Buffer' && Array.isArray(data)
}

/** The declaration behind a column's transformer, whichever copy of the library made it. */
export function fieldDeclarationOf(transformer: unknown): FieldDeclaration | undefined {
  return [transformer].flat().flatMap((each) => (each as Partial<FieldTransformer> | undefined)?.[BRAND] ?? [])[0]
}
