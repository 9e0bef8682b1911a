import { ConfigurationError } from '../errors.js'
import { spellBound } from '../postgres/bound-value.js'
import { type BoundColumn, type ProtectedTable, quoteIdentifier } from '../postgres/protected-table.js'
import { PARAMETER_TYPES } from '../postgres/stored-row.js'

/** Which credentials are to be shredded. Stored in the receipt as it is: ids only, never a secret. */
export type ShredTarget =
  | { readonly kind: 'row'; readonly entity: string; readonly primaryKey: Readonly<Record<string, string>> }
  /** Every row whose declared pair has this value, such as a tenant's: in all tables that declare the pair, or in some. */
  | { readonly kind: 'context'; readonly pair: string; readonly value: string; readonly entities?: readonly string[] }
  | { readonly kind: 'entity'; readonly entity: string }

/** The rows of one table that belong to a target. */
export interface TargetedTable {
  readonly table: ProtectedTable
  /** Over an alias `stored`. Its parameters are `$1` and on. */
  readonly where: string
  readonly values: readonly string[]
}

/** The tables of a target, of those that are protected. Throws where it names one that is not, or none is left. */
export function targetedTables(target: ShredTarget, tables: readonly ProtectedTable[]): readonly TargetedTable[] {
  if (target.kind !== 'context') {
    const table = tables.find(({ entity }) => entity === target.entity)
    if (!table) throw unknownEntity(target.entity, tables)
    const { primaryKey } = target.kind === 'row' ? target : { primaryKey: undefined }
    return [primaryKey ? rowOf(table, primaryKey) : { table, where: 'true', values: [] }]
  }
  const { pair, value, entities } = target
  for (const entity of entities ?? []) {
    if (!tables.some((table) => table.entity === entity)) throw unknownEntity(entity, tables)
  }
  const wanted = tables.filter(({ entity }) => entities?.includes(entity) ?? true)
  const found = wanted.flatMap((table) => {
    const column = table.context.find(({ name }) => name === pair)
    return column ? [{ table, ...equals([column], [spellBound(column.type, value, `the pair "${pair}"`)]) }] : []
  })
  // An entity that was named and lacks the pair would be left as it is without a word.
  if (found.length > 0 && (!entities || found.length === wanted.length)) return found
  const names = wanted.map(({ entity }) => `"${entity}"`).join(', ')
  throw new ConfigurationError(
    `expected entities with the context pair "${pair}", found ${names}, not all of which have it`,
  )
}

function rowOf(table: ProtectedTable, primaryKey: Readonly<Record<string, string>>): TargetedTable {
  const columns = table.primaryKey.map(({ column }) => column)
  const found = Object.keys(primaryKey)
  if (found.length !== columns.length || !columns.every((column) => Object.hasOwn(primaryKey, column))) {
    throw new ConfigurationError(
      `"${table.entity}": expected the primary key ${columns.join(', ')}, found ${found.join(', ') || 'none'}`,
    )
  }
  const values = table.primaryKey.map(({ column, type }) => {
    return spellBound(type, primaryKey[column], `"${table.entity}": column "${column}"`)
  })
  return { table, ...equals(table.primaryKey, values) }
}

/** By the index, and then byte for byte: under another collation, text that differs may count as equal. */
function equals(columns: readonly BoundColumn[], values: readonly string[]): Omit<TargetedTable, 'table'> {
  const conditions = columns.map(({ column, type }, index) => {
    const [name, parameter] = [`stored.${quoteIdentifier(column)}`, `$${index + 1}::${PARAMETER_TYPES[type]}`]
    const exactly = type === 'text' ? ` AND ${name}::text COLLATE "C" = ${parameter}` : ''
    return `${name} = ${parameter}${exactly}`
  })
  return { where: conditions.join(' AND '), values }
}

function unknownEntity(entity: string, tables: readonly ProtectedTable[]): ConfigurationError {
  const known = tables.map((table) => `"${table.entity}"`).join(', ')
  return new ConfigurationError(`expected one of the entities ${known}, found "${entity}"`)
}
