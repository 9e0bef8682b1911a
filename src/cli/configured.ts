import type { Command } from 'commander'
import type { DataSource } from 'typeorm'
import { type LoadedConfiguration, loadConfiguration } from '../config/load-configuration.js'
import { protectedTablesOf } from '../config/protected-tables.js'
import { ConfigurationError } from '../errors.js'
import type { ProtectedTable } from '../postgres/protected-table.js'
import type { Queryable } from '../postgres/queryable.js'

export interface ConfiguredOptions {
  readonly config?: string
  readonly dataSource?: string
}

/** Adds the options of a command that works with a configuration. */
export function withConfiguration(command: Command): Command {
  return command
    .option('--config <file>', 'configuration file (default: waxseal.config.* here, else the environment)')
    .option('--data-source <path#export>', 'TypeORM DataSource to take the tables from')
}

export interface ConfiguredTables {
  readonly configuration: LoadedConfiguration
  readonly tables: readonly ProtectedTable[]
  readonly dataSource?: DataSource
}

/**
 * The tables as a connection sees them: one whose schema nothing names lies in the first schema of the search path, where
 * TypeORM looks for it too. Without a connection it is taken to lie in `public`.
 */
export async function tablesOn(
  client: Queryable,
  { tables, dataSource }: Pick<ConfiguredTables, 'tables' | 'dataSource'>,
): Promise<readonly ProtectedTable[]> {
  if (!dataSource) return tables
  const { rows } = await client.query('SELECT current_schema() AS schema')
  const driver = dataSource.driver as { schema?: string }
  if (typeof rows[0]?.schema === 'string') driver.schema ??= rows[0].schema
  const { protectedTablesOf: tablesOf } = await import('../typeorm/index.js')
  return tablesOf(dataSource)
}

export async function loadTables({ config, dataSource }: ConfiguredOptions): Promise<ConfiguredTables> {
  const configuration = await loadConfiguration(config === undefined ? {} : { file: config })
  return { configuration, ...(await protectedTablesOf(configuration, dataSource)) }
}

/** Those of the entities that are named, or all. */
export function chosenTables(
  tables: readonly ProtectedTable[],
  entities: readonly string[] | undefined,
): readonly ProtectedTable[] {
  const unknown = entities?.find((name) => !tables.some(({ entity }) => entity === name))
  if (unknown !== undefined) {
    const known = tables.map(({ entity }) => entity).join(', ')
    throw new ConfigurationError(`--entity: expected one of ${known}, found "${unknown}"`)
  }
  return entities ? tables.filter(({ entity }) => entities.includes(entity)) : tables
}
