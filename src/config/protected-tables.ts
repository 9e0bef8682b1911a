import type { DataSource } from 'typeorm'
import { ConfigurationError } from '../errors.js'
import type { ProtectedTable } from '../postgres/protected-table.js'
import { loadDataSource } from './data-source.js'
import type { LoadedConfiguration } from './load-configuration.js'

export interface ConfiguredTables {
  readonly tables: readonly ProtectedTable[]
  /** Where the tables came from entities. Its metadata is built; it is not initialised. */
  readonly dataSource?: DataSource
}

/**
 * The protected tables of a configuration. `dataSource` is that of the command line (`path#export`, from the working
 * directory) and comes before what the configuration says.
 */
export async function protectedTablesOf(
  configuration: Pick<LoadedConfiguration, 'source' | 'folder' | 'dataSource' | 'tables'>,
  dataSource?: string,
): Promise<ConfiguredTables> {
  const choice = dataSource ?? configuration.dataSource
  if (choice === undefined) {
    if (configuration.tables) return { tables: configuration.tables }
    throw new ConfigurationError(
      `${configuration.source}: expected "dataSource" or "tables", to know which tables are protected; found neither. ` +
        'Add one, or pass --data-source path#export',
    )
  }
  const loaded = await loadDataSource(choice, dataSource === undefined ? configuration.folder : process.cwd())
  const { protectedTablesOf: tablesOf } = await loadTypeOrm()
  const tables = tablesOf(loaded)
  if (tables.length > 0) return { tables, dataSource: loaded }
  throw new ConfigurationError(
    `${configuration.source}: the DataSource has no entity with @Encrypted columns; is it the right one, with its entities?`,
  )
}

async function loadTypeOrm(): Promise<typeof import('../typeorm/index.js')> {
  try {
    return await import('../typeorm/index.js')
  } catch (cause) {
    throw new ConfigurationError('a DataSource needs the package typeorm; install it with "npm i typeorm"', { cause })
  }
}
