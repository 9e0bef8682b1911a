import pg from 'pg'
import { ConfigurationError } from '../../errors.js'

/** Where the demo works. */
export interface DemoDatabase {
  readonly url: string
  /** Of its own; everything that it makes is in there. */
  readonly schema: string
  /** Whether the server is the demo's, and with it everything in it. */
  readonly isTemporary: boolean
  /** Such as `18.4`. */
  readonly version: string
  /** By which the server knows the demo's connections. */
  readonly applicationName: string
  connect(): Promise<pg.Client>
  /** What the server logged since this was last called; undefined where the server is somebody else's. */
  newLog(): string | undefined
  /** Leaves nothing behind. */
  close(): Promise<void>
}

const OLDEST_VERSION = 14

export async function connectTo(url: string, applicationName: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: applicationName })
  // A server that goes away between two statements would end the process; the next statement says so.
  client.on('error', () => undefined)
  await client.connect()
  return client
}

/** Returns the version of the server. */
export async function createSchema(url: string, schema: string): Promise<string> {
  const client = await connectTo(url, schema)
  try {
    const { rows } = await client.query<{ server_version: string }>('SHOW server_version')
    const [version = ''] = rows[0]?.server_version.split(' ') ?? []
    if (Number.parseInt(version, 10) < OLDEST_VERSION) {
      throw new ConfigurationError(`--database-url: expected Postgres ${OLDEST_VERSION} or newer, found ${version}`)
    }
    await client.query(`CREATE SCHEMA ${schema}`)
    return version
  } finally {
    await client.end()
  }
}

/** For the runs, which use several connections. */
export function poolOf({ url, applicationName }: DemoDatabase): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, application_name: applicationName, max: 4 })
  // Connections are ended when the demo is interrupted: idle ones tell the pool, those in use tell whoever listens.
  pool.on('error', () => undefined)
  pool.on('connect', (client) => client.on('error', () => undefined))
  return pool
}
