import type { EnvelopeBinding } from '../envelope/binding.js'
import { rowOf } from '../envelope/binding.js'
import type { FieldSpec } from '../envelope/field-value.js'
import { type BoundType, spellBound } from './bound-value.js'
import type { FieldAdoption } from './field-adoption.js'

export interface BoundColumn {
  readonly column: string
  readonly type: BoundType
}

export interface ContextColumn extends BoundColumn {
  /** The name of the pair in the encryption context. */
  readonly name: string
}

export interface FieldColumn extends FieldSpec {
  readonly column: string
  readonly type: 'text' | 'bytea'
  /** Where its values stand until the table is adopted; none once that is done, or where there were none. */
  readonly adoption?: FieldAdoption
}

/** Where a credential lies in Postgres, and what its envelope is bound to. Plain data: made from entities or by hand. */
export interface ProtectedTable {
  /** The logical name that `waxseal-entity` carries. Never derived from the table's name. */
  readonly entity: string
  readonly schema: string
  readonly table: string
  readonly primaryKey: readonly BoundColumn[]
  /** The primary key columns that the envelope is bound to, in the declared order; empty for `bindRow: false`. */
  readonly row: readonly BoundColumn[]
  readonly metadata: string
  readonly fields: readonly FieldColumn[]
  readonly context: readonly ContextColumn[]
}

/** What the envelope of a row is bound to. `row` holds the values by column name, as `pg` returns them. */
export function bindingOf(table: ProtectedTable, row: Readonly<Record<string, unknown>>): EnvelopeBinding {
  const spell = ({ column, type }: BoundColumn) => spellBound(type, row[column], `${table.entity}: column "${column}"`)
  return {
    entity: table.entity,
    ...(table.row.length > 0 && { row: rowOf(table.row.map(spell)) }),
    context: Object.fromEntries(table.context.map((pair) => [pair.name, spell(pair)])),
  }
}

export function qualifiedName({ schema, table }: Pick<ProtectedTable, 'schema' | 'table'>): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(table)}`
}

export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

export function quoteLiteral(text: string): string {
  // Independent of standard_conforming_strings.
  return text.includes('\\')
    ? ` E'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
    : `'${text.replaceAll("'", "''")}'`
}
