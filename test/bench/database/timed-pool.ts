import pg from 'pg'
import type { Pool, PooledClient } from 'waxseal/postgres'
import { wallTime } from '../harness/rounds.js'

/** Connections that hand on how long each statement took, in microseconds. */
export class TimedPool implements Pool {
  readonly #pool: pg.Pool
  readonly #onQuery: (text: string, time: number) => void

  constructor(connectionString: string, onQuery: (text: string, time: number) => void) {
    this.#pool = new pg.Pool({ connectionString, max: 4, idleTimeoutMillis: 0 })
    // The server ends while the last of them close.
    this.#pool.on('error', () => undefined)
    this.#onQuery = onQuery
  }

  query(text: string, values?: unknown[]) {
    return this.#timed(text, () => this.#pool.query(text, values))
  }

  async connect(): Promise<PooledClient> {
    const client = await this.#pool.connect()
    return {
      query: (text, values) => this.#timed(text, () => client.query(text, values)),
      release: (destroy) => client.release(destroy),
    }
  }

  end(): Promise<void> {
    return this.#pool.end()
  }

  async #timed<T>(text: string, run: () => Promise<T>): Promise<T> {
    const start = wallTime()
    const result = await run()
    this.#onQuery(text, wallTime() - start)
    return result
  }
}
