import { loadConfiguration } from '../config/load-configuration.js'
import { protectedTablesOf } from '../config/protected-tables.js'
import type { Queryable } from '../postgres/queryable.js'
import type { ConfiguredOptions } from './configured.js'
import { withDatabase } from './database.js'

/** For commands that need the database of a configuration and none of its tables. */
export async function onDatabase<T>(options: ConfiguredOptions, use: (client: Queryable) => Promise<T>): Promise<T> {
  const configuration = await loadConfiguration(options.config === undefined ? {} : { file: options.config })
  // The tables are of no interest here; the connection may be that of their DataSource.
  const { dataSource } =
    configuration.database === undefined ? await protectedTablesOf(configuration, options.dataSource) : {}
  return withDatabase(configuration, dataSource, use)
}
