import type { GuardIndex } from './guard-index.js'
import { type BoundColumn, type ProtectedTable, quoteIdentifier, quoteLiteral } from './protected-table.js'

/** By it a rotation finds the rows under a KEK, and adoption those without an envelope, without reading the others. */
export const SET_INDEX: GuardIndex = {
  prefix: 'waxseal_set_',
  unique: false,
  columns: (table) => [`(${setHash(table, '')})`, ...keyTexts(table, '')].join(', '),
  found(table, oid) {
    // How Postgres prints an expression differs by version and settings in quotes, parentheses, blanks and casts.
    const bare = (expression: string) => `regexp_replace(replace(${expression}, '"', ''), '[() ]|::[a-z]+', '', 'g')`
    const expressions = [setHash(table, ''), ...keyTexts(table, '')].map((each) => each.replace(COLLATION, ''))
    return `SELECT indexrelid FROM pg_catalog.pg_index
      WHERE indrelid = ${oid} AND indisvalid AND indpred IS NULL AND 0 = ALL (indkey::int2[])
        AND ${bare('pg_catalog.pg_get_expr(indexprs, indrelid)')} = ${bare(quoteLiteral(expressions.join(', ')))}`
  },
}

/**
 * A hash of the set of KEK refs of a row. Rows without wraps (`{}`, shredded) have that of no refs. Two sets of one hash do
 * no harm: each row's own metadata decides what is done with it. `of` is the alias of the table and a dot.
 */
export function setHash(table: ProtectedTable, of = 'stored.'): string {
  const metadata = `${of}${quoteIdentifier(table.metadata)}`
  return `hashtextextended((jsonb_path_query_array(${metadata}, '$.wraps[*].kek', '{}', false))::text, 0)`
}

/** The primary key as the index has it: the text of each column, in the order of its bytes. */
export function keyTexts(table: ProtectedTable, of = 'stored.'): readonly string[] {
  // An expression for text too: a column in the index would be seen by TypeORM, which would drop it.
  const text = ({ column, type }: BoundColumn) => {
    return `${of}${quoteIdentifier(column)}::text${type === 'text' ? " || ''" : ''}`
  }
  return table.primaryKey.map((key) => `(${text(key)})${COLLATION}`)
}

const COLLATION = ' COLLATE "C"'
