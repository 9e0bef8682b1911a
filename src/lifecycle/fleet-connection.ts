import { ConfigurationError } from '../errors.js'
import type { Clock } from '../kms/clock.js'
import { settleBy } from '../kms/deadline.js'
import type { Queryable } from '../postgres/queryable.js'

/** What `new pg.Client()` takes. */
export type ConnectionOptions = string | Readonly<Record<string, unknown>>

export interface FleetListener {
  /** A new session, which listens already. What it misses from now on it hears. */
  connected(client: Queryable): Promise<void>
  /** Nobody told us whether there was something to hear, until `connected`. */
  forget(payload: string): void
}

/** The part of a `pg` client that is used here. */
interface Client extends Queryable {
  connect(): Promise<unknown>
  end(): Promise<void>
  on(event: 'error' | 'end', run: () => void): unknown
  on(event: 'notification', run: (message: { readonly payload?: string }) => void): unknown
  ref(): void
  unref(): void
}

export const FORGET_CHANNEL = 'waxseal_forget'
const STATEMENT_MS = 5_000
const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 10_000

/**
 * One connection beside the application's pool, made again when it is lost. It keeps no process alive, and its statements
 * end: a server that does not answer any more looks like one that is slow.
 */
export class FleetConnection implements Queryable {
  readonly #options: Readonly<Record<string, unknown>>
  readonly #listener: FleetListener
  readonly #clock: Clock
  #client: Client | undefined
  #attempts = 0
  #cancelPause: (() => void) | undefined
  #closed = false

  constructor(options: ConnectionOptions, listener: FleetListener, clock: Clock) {
    this.#options = typeof options === 'string' ? { connectionString: options } : options
    this.#listener = listener
    this.#clock = clock
  }

  get isOpen(): boolean {
    return this.#client !== undefined
  }

  /** One attempt. Somebody waits for it: until it has an end, it does keep the process alive. */
  open(): Promise<void> {
    return this.#open((client) => client.connect())
  }

  async #open(connect: (client: Client) => Promise<unknown>): Promise<void> {
    const { Client } = await loadPg()
    const client: Client = new Client({
      ...this.#options,
      application_name: 'waxseal fleet',
      connectionTimeoutMillis: STATEMENT_MS,
      keepAlive: true,
    })
    const lost = () => this.#lost(client)
    client.on('error', lost)
    client.on('end', lost)
    client.on('notification', ({ payload = '' }) => this.#listener.forget(payload))
    try {
      await connect(client)
      await this.#limited(client.query(`LISTEN ${FORGET_CHANNEL}`))
      this.#client = client
      await this.#listener.connected(this)
      client.unref()
      this.#attempts = 0
    } catch (error) {
      this.#client = undefined
      client.end().catch(() => undefined)
      throw error
    }
    if (this.#closed) await this.close()
  }

  /** Attempts until one succeeds, with pauses that grow and differ between processes. */
  reopen(): void {
    if (this.#closed) return
    const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#attempts++)
    this.#cancelPause?.()
    this.#cancelPause = this.#clock.after((longest * (1 + Math.random())) / 2, () => {
      const inBackground = (client: Client) => {
        const connecting = client.connect()
        client.unref()
        return connecting
      }
      this.#open(inBackground).catch(() => this.reopen())
    })
  }

  async query(text: string, values?: unknown[]): Promise<{ rows: Record<string, unknown>[] }> {
    const client = this.#client
    if (!client) throw new Error('the connection is lost')
    try {
      return await this.#limited(client.query(text, values))
    } catch (error) {
      // What has a SQLSTATE is an answer, and the session goes on.
      if (!(error instanceof Error && 'code' in error && /^[0-9A-Z]{5}$/.test(String(error.code)))) this.#lost(client)
      throw error
    }
  }

  /** Somebody waits for what is sent from now on: until it has an end, it keeps the process alive. */
  hold(): void {
    this.#client?.ref()
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#cancelPause?.()
    const client = this.#client
    this.#client = undefined
    if (client) await this.#limited(client.end()).catch(() => undefined)
  }

  #lost(client: Client): void {
    if (this.#client !== client) return
    this.#client = undefined
    client.end().catch(() => undefined)
    this.reopen()
  }

  #limited<T>(answer: Promise<T>): Promise<T> {
    return settleBy('the database', { deadline: this.#clock.now() + STATEMENT_MS }, this.#clock, () => answer)
  }
}

async function loadPg(): Promise<{ readonly Client: new (options: object) => Client }> {
  try {
    return (await import('pg')).default as never
  } catch (cause) {
    throw new ConfigurationError('the fleet needs the package pg; install it with "npm i pg"', { cause })
  }
}
