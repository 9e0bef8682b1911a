import type { FindOperator, ValueTransformer } from 'typeorm'
import { EncryptedValue, isInFlight, stateOf } from './encrypted-value.js'
import type { FieldTransformer } from './field-transformer.js'
import { SOURCE_TAG } from './source-tag.js'

/**
 * The transformer of the column in which a field has stood so far. It shares the property with the field's own column, so
 * that one statement writes both: what is on its way to the table holds a value for each.
 */
export class SourceTransformer implements ValueTransformer {
  readonly #field: Pick<FieldTransformer, 'to'>

  /** `field`: refuses what was not prepared for the statement, as for the field's own column. */
  constructor(field: Pick<FieldTransformer, 'to'>) {
    this.#field = field
  }

  to(value: unknown): unknown | FindOperator<unknown> {
    return isInFlight(value) ? (stateOf(value)?.source ?? null) : this.#field.to(value)
  }

  from(selected: unknown): EncryptedValue | null | undefined {
    if (selected === undefined || selected === null) return selected
    const text = String(selected)
    if (text.startsWith(SOURCE_TAG)) return EncryptedValue.fromSource(text.slice(SOURCE_TAG.length))
    return EncryptedValue.fromStored(text)
  }
}
