import pg from 'pg'
import { mirrorOnce, openLedger, type PostgresLedger } from '../../../src/audit/index.js'
import { reconcileTrails } from '../../../src/audit/reconciliation/storage/reconcile-trails.js'
import type { ProviderTrail } from '../../../src/audit/trail/provider-trail.js'
import type { TrailReader } from '../../../src/audit/trail/trail-reader.js'
import { systemClock } from '../../../src/kms/clock.js'
import type { FreshDatabase } from '../../setup/database.js'
import { databaseWithSchema } from '../../setup/database-with-schema.js'

/** A ledger, a mirror and what reconciles both, on a database of their own, by the clock of a server. */
export class Accounting {
  readonly ledger: PostgresLedger
  readonly #database: FreshDatabase
  readonly #pool: pg.Pool
  readonly #name: string
  readonly #trail: ProviderTrail
  readonly #now: () => Date
  #isClosed = false

  private constructor(
    database: FreshDatabase,
    ledger: PostgresLedger,
    name: string,
    trail: ProviderTrail,
    now: () => Date,
  ) {
    this.ledger = ledger
    this.#database = database
    this.#pool = new pg.Pool({ connectionString: database.url })
    // The database may be dropped before the server has heard of the end of a connection.
    this.#pool.on('error', () => undefined)
    this.#name = name
    this.#trail = trail
    this.#now = now
  }

  static async begin(name: string, trail: ProviderTrail, now: () => Date): Promise<Accounting> {
    const database = await databaseWithSchema()
    return new Accounting(database, await openLedger({ connection: database.url }), name, trail, now)
  }

  /** What the ledger still has is stored, and nothing comes any more. */
  async closeLedger(): Promise<void> {
    if (!this.#isClosed) await this.ledger.close()
    this.#isClosed = true
  }

  /** One pass of the reader, and one over what is not settled. */
  async pass(reader: TrailReader): Promise<void> {
    const clock = { ...systemClock, now: () => this.#now().getTime() }
    const { signal } = new AbortController()
    await mirrorOnce(this.#pool, [{ reader, normalize: this.#trail.normalize }], { signal, clock })
    await reconcileTrails(this.#database.client, { trails: { [this.#name]: this.#trail }, now: clock.now() })
  }

  /** How many events have each state, by operation, such as `KeyWrap accounted exact`. */
  async events(): Promise<Record<string, number>> {
    return this.#counts(`SELECT concat_ws(' ', e.operation, s.state, s.confidence) AS name FROM waxseal.event_state s
      JOIN waxseal.audit_event e ON e.id = s.event AND e.event_time = s.event_time`)
  }

  async attempts(): Promise<Record<string, number>> {
    return this.#counts('SELECT state AS name FROM waxseal.attempt_state')
  }

  async findings(): Promise<Record<string, number>> {
    return this.#counts(`SELECT concat_ws(' ', kind, severity) AS name FROM waxseal.finding f WHERE NOT EXISTS (
      SELECT FROM waxseal.finding_note WHERE finding = f.id AND action = 'resolved')`)
  }

  async #counts(names: string): Promise<Record<string, number>> {
    const { rows } = await this.#database.client.query(
      `SELECT name, count(*)::int AS count FROM (${names}) found GROUP BY name ORDER BY name`,
    )
    return Object.fromEntries(rows.map(({ name, count }) => [name, count]))
  }

  async end(): Promise<void> {
    await this.closeLedger()
    await this.#pool.end()
    await this.#database.drop()
  }
}
