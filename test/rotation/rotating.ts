import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { type EnvelopeBinding, type EnvelopeCipher, metadataToJson, type WrappedMetadata } from '../../src/index.js'
import { bindingOf } from '../../src/postgres/index.js'
import { type RotateOptions, type RotationReport, type RunEvent, rotate } from '../../src/rotation/index.js'
import { Credentials, type Row } from '../postgres/credentials.js'
import type { FreshDatabase } from '../setup/database.js'
import { databaseWithSchema } from '../setup/database-with-schema.js'

/** A guarded table of credentials, with what a rotation needs beside it. */
export class Rotating {
  readonly events: RunEvent[] = []
  readonly database: FreshDatabase
  readonly pool: pg.Pool
  readonly credentials: Credentials

  private constructor(database: FreshDatabase, pool: pg.Pool, credentials: Credentials) {
    this.database = database
    this.pool = pool
    this.credentials = credentials
  }

  static async create(): Promise<Rotating> {
    const database = await databaseWithSchema()
    const pool = new pg.Pool({ connectionString: database.url, max: 6 })
    // The database is dropped while the last of them close.
    pool.on('error', () => undefined)
    return new Rotating(database, pool, await Credentials.create(database.client))
  }

  async insert(count: number): Promise<Row[]> {
    const rows: Row[] = []
    for (let n = 0; n < count; n++) rows.push(await this.credentials.insert({ password: `password ${n}` }))
    return rows
  }

  /** Rows whose data keys another cipher has made. Returns their ids. */
  async insertBy(cipher: EnvelopeCipher, count: number): Promise<string[]> {
    const { credentials } = this
    const ids = Array.from({ length: count }, () => randomUUID())
    for (const id of ids) {
      const envelope = await cipher.mint(bindingOf(credentials.table, { id, tenant_id: 'acme' }))
      const password = credentials.encrypt(envelope, 'password', `password of ${id}`)
      await credentials.insertStored(id, 'acme', [password], metadataToJson(envelope.metadata))
    }
    return ids
  }

  /** As 15 seconds after the last sign of whoever worked on a run. */
  async silence(): Promise<void> {
    await this.pool.query(`UPDATE waxseal.run_range SET heartbeat_at = heartbeat_at - interval '16 seconds'`)
  }

  async rotate(options: Partial<RotateOptions> = {}): Promise<RotationReport> {
    this.events.length = 0
    const { credentials, pool } = this
    const given: RotateOptions = {
      cipher: credentials.cipher,
      tables: [credentials.table],
      pool,
      batchRows: 3,
      onEvent: (event) => this.events.push(event),
      ...options,
    }
    const [report] = await rotate(given)
    return report!
  }

  /** The cipher of the credentials, with something done around each `rewrap`. */
  intercepted(
    around: (rewrap: () => Promise<WrappedMetadata>, binding: EnvelopeBinding) => Promise<WrappedMetadata>,
  ): RotateOptions['cipher'] {
    const { cipher } = this.credentials
    return {
      currentKeks: (binding) => cipher.currentKeks(binding),
      open: (metadata, binding) => cipher.open(metadata, binding),
      forget: (id) => cipher.forget(id),
      rewrap: (metadata, binding, options) => around(() => cipher.rewrap(metadata, binding, options), binding),
    }
  }

  /** How many rows are not under the current version of the fake KMS. */
  async stale(): Promise<number> {
    const { rows } = await this.credentials.query(
      `SELECT count(*)::int FROM {table} WHERE encryption_metadata #>> '{wraps,0,kek,version}' <> $1`,
      [this.credentials.provider.kms.currentVersion],
    )
    return rows[0]!.count as number
  }

  /** Without the guard, and without any other trigger. */
  async unguarded(run: () => Promise<unknown>): Promise<void> {
    await this.credentials.query('ALTER TABLE {table} DISABLE TRIGGER ALL')
    await run()
    await this.credentials.query('ALTER TABLE {table} ENABLE TRIGGER ALL')
  }

  async failures(): Promise<Record<string, string>> {
    const { rows } = await this.pool.query('SELECT primary_key[1] AS id, code FROM waxseal.run_failure')
    return Object.fromEntries(rows.map(({ id, code }) => [id, code]))
  }

  async drop(): Promise<void> {
    await this.pool.end()
    await this.database.drop()
  }
}

/** A report in which nothing was counted. */
export const nothing = {
  state: 'finished',
  rewrapped: 0,
  compared: 0,
  current: 0,
  shredded: 0,
  empty: 0,
  failed: 0,
  opened: 0,
  restored: 0,
}
