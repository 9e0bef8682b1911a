import type { BoundType } from './bound-value.js'
import { type BoundColumn, type ProtectedTable, quoteIdentifier } from './protected-table.js'

/** A row without its fields: what a rotation needs to see of it. */
export interface StoredRow {
  /** By column, as Postgres prints it. */
  readonly primaryKey: Readonly<Record<string, string>>
  /** What the envelope is bound to, by column: for `bindingOf`. */
  readonly bound: Readonly<Record<string, string | null>>
  /** `encryption_metadata` as Postgres prints it. Not parsed: comparing and swapping has to meet the same bytes. */
  readonly metadata: string
}

/** Makes a parameter of the type by which the column's index is searched. */
export const PARAMETER_TYPES: Record<BoundType, string> = { uuid: 'uuid', integer: 'int8', text: 'text' }

/** The select list of a `StoredRow`, over an alias `stored`. By position: a column may have any name. */
export function storedRowColumns(table: ProtectedTable): string {
  const columns = storedColumns(table).map(({ column }) => column)
  return [...columns, table.metadata].map((column, i) => `stored.${quoteIdentifier(column)}::text AS "${i}"`).join(', ')
}

export function storedRowOf(table: ProtectedTable, result: Readonly<Record<string, unknown>>): StoredRow {
  const columns = storedColumns(table)
  const values = new Map(columns.map(({ column }, i) => [column, result[i] as string | null]))
  const pick = (picked: readonly BoundColumn[]) => {
    return Object.fromEntries(picked.map(({ column }) => [column, values.get(column) ?? null]))
  }
  return {
    primaryKey: pick(table.primaryKey) as Record<string, string>,
    bound: pick([...table.row, ...table.context]),
    metadata: (result[columns.length] as string | null) ?? 'null',
  }
}

function storedColumns(table: ProtectedTable): readonly BoundColumn[] {
  return [...table.primaryKey, ...table.context]
}
