import { ConfigurationError } from '../errors.js'
import { assertOptions, isText, type OptionRules } from '../kms/options.js'
import type { DatedReader, FieldAdoption } from './field-adoption.js'
import type { FieldColumn } from './protected-table.js'

export interface AdoptOptions {
  /**
   * `side`: the values so far stay in the column `source`, and the field's own column, a new one, gets the ciphertexts.
   * `inPlace`: they are overwritten where they stand. Default `side`.
   */
  readonly placement?: 'side' | 'inPlace'
  /** With `side`, the column in which the values have stood so far. */
  readonly source?: string
  /** Who reads the values so far, each until its date. Tried in this order. */
  readonly readers: readonly DatedReader[]
}

const isDated = ({ reader, until }: Partial<DatedReader>) =>
  typeof reader?.read === 'function' && until instanceof Date && !Number.isNaN(until.getTime())

const OPTIONS: OptionRules<AdoptOptions> = {
  placement: [(value) => value === 'side' || value === 'inPlace', 'be side or inPlace'],
  source: [isText, 'be the name of a column'],
  readers: [
    (value) => Array.isArray(value) && value.length > 0 && value.every((each) => each && isDated(each)),
    'be a list of readers with their dates, such as [datedReader({ name: "plaintext", until: "2030-01-01" })]',
  ],
}

/** The adoption of one field, with its options checked. */
export function adoptionOf(
  where: string,
  options: AdoptOptions,
  field: Pick<FieldColumn, 'column' | 'kind' | 'type'>,
): FieldAdoption {
  const refuse = (problem: string): never => {
    throw new ConfigurationError(`${where}: ${problem}`)
  }
  assertOptions(where, options, OPTIONS)
  const { placement = 'side', source, readers } = options
  if (readers === undefined) refuse(`"readers" must ${OPTIONS.readers[1]}`)
  if (field.type !== 'text') refuse('a field is adopted into a column of type text')
  if (field.kind === 'bytes') refuse('a field of kind bytes cannot be adopted; adopt it as text')
  if (!readers.slice(0, -1).every(({ reader }) => reader.authenticates)) {
    refuse('a reader that cannot tell what is of its format, such as plaintext, must be the last of its field')
  }
  if (placement === 'inPlace') {
    if (source !== undefined) refuse('with inPlace there is no other column: leave "source" out')
    return { placement, source: field.column, readers }
  }
  if (source === undefined || source === field.column) {
    return refuse('with side, "source" must name the column so far, and the column of the field must be another one')
  }
  return { placement, source, readers }
}
