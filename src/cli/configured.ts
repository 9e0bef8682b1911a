import type { Command } from 'commander'
import type { DataSource } from 'typeorm'
import { type LoadedConfiguration, loadConfiguration } from '../config/load-configuration.js'
import { protectedTablesOf } from '../config/protected-tables.js'
import type { ProtectedTable } from '../postgres/protected-table.js'

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

export async function loadTables({ config, dataSource }: ConfiguredOptions): Promise<ConfiguredTables> {
  const configuration = await loadConfiguration(config === undefined ? {} : { file: config })
  return { configuration, ...(await protectedTablesOf(configuration, dataSource)) }
}
