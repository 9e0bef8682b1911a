import type { CatalogTable } from './guard-catalog.js'
import type { GuardFinding } from './guard-finding.js'
import type { GuardNames } from './guard-names.js'
import type { ProtectedTable } from './protected-table.js'

/**
 * Where the declaration gives other logical names than the guard stored. What was written under the stored ones can only
 * be read under them, so each remedy says what to declare. A renamed column is none of that, as long as its id stays.
 */
export function compareNames(stored: GuardNames, table: ProtectedTable, { columns }: CatalogTable): GuardFinding[] {
  const findings: GuardFinding[] = []
  const other = (message: string, remedy: string) => findings.push({ code: 'GUARD_OTHER_NAMES', message, remedy })

  if (stored.entity !== table.entity) {
    other(
      `credentials are stored as entity "${stored.entity}", declared is "${table.entity}"`,
      `set entity: '${stored.entity}'`,
    )
  }

  const added = table.fields.filter(({ column }) => !Object.hasOwn(stored.fields, column))
  for (const [column, [id, kind]] of Object.entries(stored.fields)) {
    const field = table.fields.find((each) => each.column === column)
    const isSame = (each: { id: string; kind: string }) => each.id === id && each.kind === kind
    if (field && !isSame(field)) {
      other(
        `column "${column}" is stored as field "${id}" of kind ${kind}, declared is "${field.id}" of kind ${field.kind}`,
        `set id: '${id}' and as: '${kind}' for column "${column}"`,
      )
    }
    if (!field && !columns.has(column) && added.length > 0 && !added.some(isSame)) {
      const names = added.map((each) => `"${each.column}"`).join(', ')
      other(
        `column "${column}", stored as field "${id}" of kind ${kind}, is gone, and ${names} is new`,
        `if it was renamed, set id: '${id}' and as: '${kind}' for its new name; if not, install the guard again`,
      )
    }
  }

  // A column that is gone was renamed: Postgres does not let go of one that the guard reads.
  const moved = (from: string | undefined, to: string | undefined) => {
    return from === undefined || to === undefined || (from !== to && columns.has(from))
  }
  const storedPairs = Object.entries(stored.context)
  const pairs = new Map(table.context.map(({ name, column }) => [name, column]))
  if (storedPairs.length !== pairs.size || storedPairs.some(([name, column]) => moved(column, pairs.get(name)))) {
    other(
      `envelopes are bound to ${describePairs(storedPairs)}, declared is ${describePairs([...pairs])}`,
      `declare the context ${describePairs(storedPairs)}`,
    )
  }
  const row = table.row.map(({ column }) => column)
  const length = Math.max(row.length, stored.row.length)
  if (Array.from({ length }).some((_, index) => moved(stored.row[index], row[index]))) {
    other(
      `envelopes are bound to ${describeRow(stored.row)}, declared is ${describeRow(row)}`,
      stored.row.length === 0 ? 'set bindRow: false' : `bind to ${describeRow(stored.row)}, in this order`,
    )
  }
  return findings
}

function describePairs(pairs: readonly (readonly [name: string, column: string])[]): string {
  return pairs.length === 0
    ? 'no context pair'
    : pairs.map(([name, column]) => `${name} (column "${column}")`).join(', ')
}

function describeRow(columns: readonly string[]): string {
  return columns.length === 0 ? 'no primary key' : `the primary key ${columns.map((name) => `"${name}"`).join(', ')}`
}
