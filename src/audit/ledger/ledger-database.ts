import { ConfigurationError } from '../../errors.js'
import type { PooledClient, Queryable } from '../../postgres/queryable.js'
import { ensureMonth, insertRows } from './insert-rows.js'
import type { JournalledRow } from './journal-line.js'
import type { LedgerRow } from './ledger-row.js'
import { isOfRow } from './refusal.js'

/** What `new pg.Client()` takes. */
export type ConnectionOptions = string | Readonly<Record<string, unknown>>

interface Client extends PooledClient {
  readonly processID: number
  on(event: 'error', run: () => void): unknown
}

interface Pool extends Queryable {
  connect(): Promise<Client>
  end(): Promise<void>
  on(event: 'error', run: () => void): unknown
  on(event: 'connect', run: (client: Client) => void): unknown
}

/** A server that does not answer any more looks like one that is slow. */
const STATEMENT_MS = 5_000
const BATCH = 1_000
const TERMINATION_MS = 4_000

/** The ledger's own connections: the pool of an application may be held by those who wait for a KEK. */
export class LedgerDatabase implements Queryable {
  readonly #writer: string
  readonly #pool: Pool
  /** Sessions that may still run a statement whose answer nobody waits for. */
  readonly #lost = new Set<number>()

  private constructor(pool: Pool, writer: string) {
    this.#pool = pool
    this.#writer = writer
    // A connection that is lost while nobody uses it, and one in use: the statement rejects, and nobody else need know.
    pool.on('error', () => undefined)
    pool.on('connect', (client) => {
      client.on('error', () => undefined)
      // The server has ended the one that had the number before.
      this.#lost.delete(client.processID)
    })
  }

  static async create(options: ConnectionOptions, connections: number, writer: string): Promise<LedgerDatabase> {
    const { Pool } = await loadPg()
    const pool = new Pool({
      ...(typeof options === 'string' ? { connectionString: options } : options),
      application_name: applicationName(writer),
      max: connections + 1,
      keepAlive: true,
      connectionTimeoutMillis: STATEMENT_MS,
      query_timeout: STATEMENT_MS,
      // A process that has nothing else to do ends.
      allowExitOnIdle: true,
    })
    return new LedgerDatabase(pool, writer)
  }

  query(text: string, values?: unknown[]): Promise<{ rows: Record<string, unknown>[] }> {
    return this.#pool.query(text, values)
  }

  /** Each row once, also where the connection is lost in the middle of it. */
  async store(rows: readonly LedgerRow[]): Promise<void> {
    try {
      await this.#withClient((client) => insertRows(client, rows, false))
    } catch {
      // Whatever it was: a connection that was lost, or a month that has no partition yet.
      await this.#storeAgain(rows, [this.#writer])
    }
  }

  /** Stores what Postgres takes, and returns the rows that it takes in no company. */
  async replay(rows: readonly JournalledRow[]): Promise<readonly JournalledRow[]> {
    const writers = [...new Set(rows.map(({ writer }) => writer))]
    const refused: JournalledRow[] = []
    for (let start = 0; start < rows.length; start += BATCH) {
      refused.push(...(await this.#replay(rows.slice(start, start + BATCH), writers)))
    }
    return refused
  }

  /** One row that is refused must not keep the others out: halves of them are tried until it is alone. */
  async #replay(rows: readonly JournalledRow[], writers: readonly string[]): Promise<readonly JournalledRow[]> {
    try {
      const journalled = rows.map(({ table, values }) => ({ table, values: { ...values, journalled: true } }))
      await this.#storeAgain(journalled, writers)
      return []
    } catch (error) {
      if (!isOfRow(error)) throw error
      if (rows.length === 1) return rows
      const half = Math.ceil(rows.length / 2)
      const refused = await this.#replay(rows.slice(0, half), writers)
      return [...refused, ...(await this.#replay(rows.slice(half), writers))]
    }
  }

  close(): Promise<void> {
    return this.#pool.end()
  }

  /**
   * Stores what may be stored already: by a statement whose answer was lost, and which may even be running still. Its session
   * is ended first, and nobody else does the same meanwhile.
   */
  #storeAgain(rows: readonly LedgerRow[], writers: readonly string[]): Promise<void> {
    return this.#withClient(async (client) => {
      await client.query('BEGIN')
      await client.query("SELECT pg_advisory_xact_lock(hashtextextended('waxseal ledger again', 0))")
      await this.#endSessions(client, writers)
      await ensureMonth(client)
      await insertRows(client, rows, true)
      await client.query('COMMIT')
    })
  }

  async #withClient(use: (client: Queryable) => Promise<void>): Promise<void> {
    const client = await this.#pool.connect()
    let isSound = false
    try {
      await use(client)
      isSound = true
    } finally {
      if (!isSound) this.#lost.add(client.processID)
      client.release(!isSound)
    }
  }

  /** Ends our own that were lost, and all of those who are dead. A pooler tells numbers that are none of a session. */
  async #endSessions(client: Queryable, writers: readonly string[]): Promise<void> {
    const lost = [...this.#lost]
    const { rows } = await client.query(
      `SELECT pg_terminate_backend(pid, $4) AS ended FROM pg_stat_activity
        WHERE application_name = ANY ($1) AND (application_name <> $2 OR pid = ANY ($3)) AND usename = current_user`,
      [writers.map(applicationName), applicationName(this.#writer), lost, TERMINATION_MS],
    )
    if (rows.some(({ ended }) => ended !== true)) throw new Error('a lost session of the ledger has not ended yet')
    for (const session of lost) this.#lost.delete(session)
  }
}

const applicationName = (writer: string) => `waxseal ledger ${writer}`

async function loadPg(): Promise<{ readonly Pool: new (options: object) => Pool }> {
  try {
    return (await import('pg')).default as never
  } catch (cause) {
    throw new ConfigurationError('the ledger needs the package pg; install it with "npm i pg"', { cause })
  }
}
