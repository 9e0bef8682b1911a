import type { DataSource } from 'typeorm'
import { type LoadedConfiguration, loadConfiguration } from '../config/load-configuration.js'
import { protectedTablesOf } from '../config/protected-tables.js'
import { assertSchema } from '../lifecycle/index.js'
import type { Pool, Queryable } from '../postgres/queryable.js'
import type { ConfiguredOptions } from './configured.js'
import { withDatabase, withPool } from './database.js'

/** For commands that need the database of a configuration and none of its tables. */
export async function onDatabase<T>(
  options: ConfiguredOptions,
  use: (client: Queryable, configuration: LoadedConfiguration, dataSource: DataSource | undefined) => Promise<T>,
): Promise<T> {
  const { configuration, dataSource } = await connectionOf(options)
  return withDatabase(configuration, dataSource, (client) => use(client, configuration, dataSource))
}

/** As `onDatabase`, for commands that work with our own tables. */
export function onSchema<T>(
  options: ConfiguredOptions,
  use: (client: Queryable, configuration: LoadedConfiguration, dataSource: DataSource | undefined) => Promise<T>,
): Promise<T> {
  return onDatabase(options, async (client, ...rest) => {
    await assertSchema(client)
    return use(client, ...rest)
  })
}

/** As `onDatabase`, for what works on several connections at a time. */
export async function onPool<T>(
  options: ConfiguredOptions,
  use: (pool: Pool, configuration: LoadedConfiguration) => Promise<T>,
): Promise<T> {
  const { configuration, dataSource } = await connectionOf(options)
  return withPool(configuration, dataSource, (pool) => use(pool, configuration))
}

async function connectionOf({ config, dataSource }: ConfiguredOptions): Promise<{
  readonly configuration: LoadedConfiguration
  readonly dataSource: DataSource | undefined
}> {
  const configuration = await loadConfiguration(config === undefined ? {} : { file: config })
  // The tables are of no interest here; the connection may be that of their DataSource.
  const found = configuration.database === undefined ? await protectedTablesOf(configuration, dataSource) : undefined
  return { configuration, dataSource: found?.dataSource }
}
