import { ConfigurationError } from '../../errors.js'
import type { Queryable } from '../../postgres/queryable.js'

/** What `new pg.Client()` takes. */
export type ConnectionOptions = string | Readonly<Record<string, unknown>>

interface ClosablePool extends Queryable {
  end(): Promise<void>
  on(event: 'error', run: () => void): unknown
}

const STATEMENT_MS = 10_000

/** One connection beside the application's pool, made when it is needed, and again when it is lost. */
export class EventsPool implements Queryable {
  readonly #options: Readonly<Record<string, unknown>>
  #pool: Promise<ClosablePool> | undefined

  constructor(options: ConnectionOptions) {
    this.#options = typeof options === 'string' ? { connectionString: options } : options
  }

  async query(text: string, values?: unknown[]): Promise<{ rows: Record<string, unknown>[] }> {
    this.#pool ??= this.#connect()
    return (await this.#pool).query(text, values)
  }

  async end(): Promise<void> {
    await (await this.#pool)?.end()
  }

  async #connect(): Promise<ClosablePool> {
    const { Pool } = await loadPg()
    const pool = new Pool({
      ...this.#options,
      application_name: 'waxseal events',
      max: 1,
      keepAlive: true,
      connectionTimeoutMillis: STATEMENT_MS,
      // A server that does not answer any more looks like one that is slow.
      query_timeout: STATEMENT_MS,
    })
    // A connection that is lost while nobody uses it: the next statement makes another.
    pool.on('error', () => undefined)
    return pool
  }
}

async function loadPg(): Promise<{ readonly Pool: new (options: object) => ClosablePool }> {
  try {
    return (await import('pg')).default as never
  } catch (cause) {
    throw new ConfigurationError('the audit logger needs the package pg; install it with "npm i pg"', { cause })
  }
}
