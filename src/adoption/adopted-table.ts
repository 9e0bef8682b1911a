import { ConfigurationError } from '../errors.js'
import type { FieldAdoption } from '../postgres/field-adoption.js'
import type { FieldColumn, ProtectedTable } from '../postgres/protected-table.js'

export interface AdoptedField extends FieldColumn {
  readonly adoption: FieldAdoption
}

/** A table with fields whose values stood somewhere before. */
export interface AdoptedTable extends ProtectedTable {
  readonly adopted: readonly AdoptedField[]
  /** All columns that its rows are read by: sources, ciphertexts, and what readers look at. Each once. */
  readonly columns: readonly string[]
}

/** Refuses a table that declares no adoption. */
export function adoptedTable(table: ProtectedTable): AdoptedTable {
  const adopted = table.fields.filter((field): field is AdoptedField => field.adoption !== undefined)
  if (adopted.length === 0) {
    throw new ConfigurationError(
      `entity "${table.entity}": expected a field that declares "adopt", found none; see docs/adoption.md`,
    )
  }
  const readers = adopted.flatMap(({ adoption }) => adoption.readers.flatMap(({ reader }) => reader.columns))
  const sources = adopted.map(({ adoption }) => adoption.source)
  const columns = [...new Set([...table.fields.map(({ column }) => column), ...sources, ...readers])]
  if (columns.includes(table.metadata)) {
    throw new ConfigurationError(
      `entity "${table.entity}": a reader looks at column "${table.metadata}", which is to hold the metadata; rename the old one`,
    )
  }
  return { ...table, adopted, columns }
}
