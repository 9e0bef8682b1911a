import { ConfigurationError } from '../../errors.js'
import type { ProtectedTable } from '../../postgres/protected-table.js'
import type { Queryable } from '../../postgres/queryable.js'
import { type ConfiguredOptions, type ConfiguredTables, chosenTables, loadTables, tablesOn } from '../configured.js'
import { withDatabase } from '../database.js'
import { EXIT } from '../exit-codes.js'
import { paint, printJson, printLine } from '../terminal.js'

export interface AdoptOptions extends ConfiguredOptions {
  readonly entity?: readonly string[]
  readonly json?: true
}

export interface FencedOptions extends AdoptOptions {
  readonly processes?: number
  readonly ignoreSession?: readonly string[]
}

export function fenceOf({ processes, ignoreSession }: FencedOptions) {
  return { ...(processes !== undefined && { processes }), ...(ignoreSession && { ignored: ignoreSession }) }
}

/** The tables that are named, else those that declare an adoption. */
export async function adoptedOn(
  client: Queryable,
  setup: ConfiguredTables,
  { entity }: AdoptOptions,
): Promise<readonly ProtectedTable[]> {
  const tables = chosenTables(await tablesOn(client, setup), entity)
  const adopted = entity ? tables : tables.filter(({ fields }) => fields.some(({ adoption }) => adoption))
  if (adopted.length > 0) return adopted
  throw new ConfigurationError(
    `${setup.configuration.source}: expected a table with a field that declares "adopt", found none; see docs/adoption.md`,
  )
}

/** One table after the other, by a connection that is in no transaction. */
export async function eachTable<T>(
  options: AdoptOptions,
  use: (client: Queryable, table: ProtectedTable) => Promise<T>,
): Promise<T[]> {
  const setup = await loadTables(options)
  return withDatabase(setup.configuration, setup.dataSource, async (client) => {
    const results: T[] = []
    for (const table of await adoptedOn(client, setup, options)) results.push(await use(client, table))
    return results
  })
}

/** What came of a step for one table. */
export interface Told {
  readonly entity: string
  readonly objections: readonly string[]
  readonly lines: readonly string[]
  /** What is to be done next. */
  readonly next: string
}

/** Prints what came of each table, and what is next. An objection is a finding: the step may be taken again. */
export function tellSteps(told: readonly Told[], json: true | undefined): void {
  if (told.some(({ objections }) => objections.length > 0)) process.exitCode = EXIT.findings
  if (json) printJson({ tables: told })
  else for (const line of told.flatMap(linesOf)) printLine(line)
}

function linesOf({ entity, objections, lines, next }: Told): string[] {
  const isDone = objections.length === 0
  return [
    `${isDone ? paint('green', '✓') : paint('red', '✗')} ${entity}`,
    ...[...objections, ...lines].map((line) => `  ${line}`),
    `  → ${isDone ? next : 'nothing was changed; mend it, and run this again'}`,
  ]
}
