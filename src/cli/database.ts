import type { DataSource } from 'typeorm'
import type { LoadedConfiguration } from '../config/load-configuration.js'
import { ConfigurationError } from '../errors.js'
import { connectionOptionsOf } from '../postgres/connection-options.js'
import type { Pool, Queryable } from '../postgres/queryable.js'

const CONNECT_TIMEOUT_MS = 10_000
/** What reads ahead, what stores, and room for signs of life. */
const POOL = 4

/** Runs `use` with a connection of its own, which is closed afterwards. Nothing in it may print a value of a row. */
export async function withDatabase<T>(
  configuration: LoadedConfiguration,
  dataSource: DataSource | undefined,
  use: (client: Queryable) => Promise<T>,
): Promise<T> {
  const { Client } = await loadPg()
  const client = new Client(settingsOf(configuration, dataSource))
  // A server that goes away between two statements would end the process otherwise; the next statement reports it.
  client.on('error', () => undefined)
  try {
    await client.connect()
    return await use(client)
  } finally {
    await client.end().catch(() => undefined)
  }
}

/** As `withDatabase`, for what works on several connections at a time. */
export async function withPool<T>(
  configuration: LoadedConfiguration,
  dataSource: DataSource | undefined,
  use: (pool: Pool) => Promise<T>,
): Promise<T> {
  const { Pool: PgPool } = await loadPg()
  const pool = new PgPool({ ...settingsOf(configuration, dataSource), max: POOL })
  // Of an idle connection, and of one in use: either would end the process otherwise.
  pool.on('error', () => undefined)
  pool.on('connect', (connection) => connection.on('error', () => undefined))
  try {
    return await use(pool)
  } finally {
    await pool.end().catch(() => undefined)
  }
}

function settingsOf(configuration: LoadedConfiguration, dataSource: DataSource | undefined): object {
  return {
    ...connectionOf(configuration, dataSource),
    application_name: 'waxseal',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  }
}

/** The configured URL, else the connection of the DataSource. */
export function connectionOf(
  { source, database }: LoadedConfiguration,
  dataSource: DataSource | undefined,
): Readonly<Record<string, unknown>> {
  if (database !== undefined) return { connectionString: database }
  const options = dataSource?.options as Readonly<Record<string, unknown>> | undefined
  if (!options) {
    throw new ConfigurationError(
      `${source}: expected "database", a Postgres URL, found nothing; add it, or set WAXSEAL_DATABASE_URL`,
    )
  }
  return connectionOptionsOf(options)
}

async function loadPg() {
  try {
    return (await import('pg')).default
  } catch (cause) {
    throw new ConfigurationError('this command needs the package pg; install it with "npm i pg"', { cause })
  }
}
