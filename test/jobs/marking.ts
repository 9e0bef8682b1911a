import { randomUUID } from 'node:crypto'
import pg from 'pg'
import {
  type Job,
  type OpenedRun,
  openRun,
  type RunReport,
  readReport,
  type Workplace,
  work,
} from '../../src/jobs/index.js'
import type { StoredRow } from '../../src/postgres/index.js'
import { keyOfRow } from '../../src/postgres/kek-sets.js'
import { Credentials, wrappedShape } from '../postgres/credentials.js'
import type { FreshDatabase } from '../setup/database.js'
import { databaseWithSchema } from '../setup/database-with-schema.js'

/** A table of rows without secrets, and a job that adds a mark to the name of each. */
export interface Marking {
  readonly database: FreshDatabase
  readonly pool: pg.Pool
  readonly credentials: Credentials
  readonly ids: readonly string[]
  job(changes?: Partial<Job<readonly StoredRow[]>>): Job<readonly StoredRow[]>
  open(job?: Job<any>): Promise<OpenedRun>
  work(job: Job<any>, options?: Partial<Workplace>): Promise<string>
  report(): Promise<RunReport>
  /** How many rows have which name. */
  marks(): Promise<Record<string, number>>
  /** As after 15 seconds without a sign. */
  silence(): Promise<void>
  drop(): Promise<void>
}

/** `plain` rows without an envelope, and `wrapped` ones that nobody can open. */
export async function marking({ plain = 0, wrapped = 0 }): Promise<Marking> {
  const database = await databaseWithSchema()
  const pool = new pg.Pool({ connectionString: database.url, max: 12 })
  // The database is dropped while the last of them close.
  pool.on('error', () => undefined)
  const credentials = await Credentials.create(database.client)
  const ids = Array.from({ length: plain + wrapped }, () => randomUUID())
  for (const [index, id] of ids.entries()) {
    await credentials.insertStored(id, 'acme', [], index < plain ? {} : wrappedShape())
  }
  let run: OpenedRun | undefined

  const made: Marking = {
    database,
    pool,
    credentials,
    ids,
    job: (changes = {}) => ({
      kind: 'mark',
      table: credentials.table,
      options: {},
      sets: async (sets) => sets,
      prepare: async (rows) => rows,
      async store(client, rows) {
        await client.query(`UPDATE ${credentials.name} SET name = coalesce(name, '') || 'x' WHERE id = ANY ($1)`, [
          rows.map((row) => keyOfRow(credentials.table, row)[0]),
        ])
        return { counts: { marked: rows.length }, moved: 0, lost: 0, failures: [] }
      },
      ...changes,
    }),
    async open(job = made.job()) {
      run = await openRun(pool, job)
      return run
    },
    async work(job, options = {}) {
      const opened = await made.open(job)
      return work(job, opened.run, { pool, batchRows: 3, rangeRows: 7, ...options })
    },
    report: () => readReport(pool, run!.run.id),
    async marks() {
      const { rows } = await credentials.query(
        `SELECT coalesce(name, '-') AS name, count(*)::int FROM {table} GROUP BY 1`,
      )
      return Object.fromEntries(rows.map(({ name, count }) => [name, count]))
    },
    async silence() {
      await pool.query(`UPDATE waxseal.run_range SET heartbeat_at = heartbeat_at - interval '16 seconds'`)
    },
    async drop() {
      await pool.end()
      await database.drop()
    },
  }
  return made
}
