import type { AdoptedField, AdoptedTable } from './adopted-table.js'
import type { RowState } from './legacy-rows.js'
import { readLegacy } from './readers/read-legacy.js'

export interface AdoptedPlaintext {
  readonly field: AdoptedField
  /** Null where the source is. */
  readonly value: unknown
  /** The reader that read it. */
  readonly reader?: string
}

/** The plaintexts of a row without an envelope. `LegacyValueError` for one that no reader of its field reads. */
export function plaintextsOf(table: AdoptedTable, row: Pick<RowState, 'values'>, now: number): AdoptedPlaintext[] {
  return table.adopted.map((field) => sourceOf(field, row, now))
}

export function sourceOf(field: AdoptedField, { values }: Pick<RowState, 'values'>, now: number): AdoptedPlaintext {
  const { source, readers } = field.adoption
  const stored = values[source] ?? null
  return stored === null ? { field, value: null } : { field, ...readLegacy(field, readers, stored, values, now) }
}

/** Whether a row without an envelope has anything to be encrypted. */
export function isEmptyRow(table: AdoptedTable, { values }: Pick<RowState, 'values'>): boolean {
  return table.adopted.every(({ adoption }) => (values[adoption.source] ?? null) === null)
}
