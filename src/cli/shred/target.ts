import { ConfigurationError } from '../../errors.js'
import type { ProtectedTable } from '../../postgres/protected-table.js'
import type { ShredTarget } from '../../shredding/index.js'

export interface TargetOptions {
  readonly entity?: readonly string[]
  readonly row?: readonly string[]
  readonly context?: string
  readonly allRows?: true
}

const EXPECTED = 'one of --row with one --entity, --context, or --all-rows with one --entity'

/** What the arguments say. All rows of an entity have to be asked for: a forgotten argument must not mean them. */
export function targetOf(options: TargetOptions, tables: readonly ProtectedTable[]): ShredTarget {
  const { entity: entities = [], row, context, allRows } = options
  if ([row, context, allRows].filter((each) => each !== undefined).length !== 1) {
    throw new ConfigurationError(`shred: expected ${EXPECTED}`)
  }
  if (context !== undefined) {
    const [pair = '', value] = split(context)
    if (value === undefined) throw new ConfigurationError('--context: expected name=value, such as tenant=…')
    return { kind: 'context', pair, value, ...(entities.length > 0 && { entities }) }
  }
  const [entity] = entities
  if (entity === undefined || entities.length > 1) throw new ConfigurationError(`shred: expected ${EXPECTED}`)
  if (!row) return { kind: 'entity', entity }
  const columns = tables.find((table) => table.entity === entity)?.primaryKey ?? []
  if (columns.length > 0 && columns.length !== row.length) {
    const names = columns.map(({ column }) => column).join(', ')
    throw new ConfigurationError(
      `--row: expected one for each column of the primary key (${names}), found ${row.length}`,
    )
  }
  return {
    kind: 'row',
    entity,
    primaryKey: Object.fromEntries(columns.map(({ column }, i) => [column, row[i] as string])),
  }
}

function split(pair: string): [name: string, value?: string] {
  const at = pair.indexOf('=')
  return at === -1 ? [pair] : [pair.slice(0, at), pair.slice(at + 1)]
}
