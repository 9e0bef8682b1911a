import type { BoundType } from './bound-value.js'
import type { CatalogColumn, CatalogTable } from './guard-catalog.js'
import type { GuardFinding, GuardFindingCode } from './guard-finding.js'
import type { ProtectedTable } from './protected-table.js'

const FIELD_TYPES = { text: /^(text|character varying)$/, bytea: /^bytea$/ }

const BOUND_TYPES: Record<BoundType, RegExp> = {
  uuid: /^uuid$/,
  integer: /^(smallint|integer|bigint)$/,
  text: /^(text|character varying(\(\d+\))?)$/,
}

/** Whether the columns can hold what is stored in them, and are what the declaration says. */
export function checkColumns(table: ProtectedTable, { columns }: CatalogTable): GuardFinding[] {
  const findings: GuardFinding[] = []

  function check(
    code: GuardFindingCode,
    name: string,
    expected: string,
    fits: (column: CatalogColumn) => boolean,
  ): void {
    const column = columns.get(name)
    if (column && fits(column)) return
    const found = column
      ? [column.type, column.notNull && 'not null', column.default !== null && `default ${column.default}`]
      : ['no such column']
    findings.push({
      code,
      message: `column "${name}": expected ${expected}, found ${found.filter(Boolean).join(' ')}`,
      remedy: column ? `alter the column in a migration` : `add the column in a migration, or mend its name`,
    })
  }

  check('METADATA_COLUMN', table.metadata, "jsonb not null default '{}'::jsonb", (column) => {
    return column.type === 'jsonb' && column.notNull && column.default === "'{}'::jsonb"
  })
  for (const { column, type } of table.fields) {
    // A length would cut or refuse ciphertexts, and a default would be stored without being encrypted.
    check('FIELD_COLUMN', column, `${type} without a length and without a default`, (found) => {
      return FIELD_TYPES[type].test(found.type) && found.default === null
    })
  }
  for (const { column, type } of new Map(
    [...table.primaryKey, ...table.context].map((it) => [it.column, it]),
  ).values()) {
    check('BOUND_COLUMN', column, `${type} not null`, (found) => BOUND_TYPES[type].test(found.type) && found.notNull)
  }
  return findings
}
