import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { afterAll, beforeAll } from '@jest/globals'
import { type LedgerOptions, type LedgerProblem, openLedger, type PostgresLedger } from '../../../src/audit/index.js'
import { RecordingProvider } from '../../../src/kms/recording-provider.js'
import { FaultyProvider, ManualClock } from '../../../src/testing/index.js'
import type { FreshDatabase } from '../../setup/database.js'
import { databaseWithSchema } from '../../setup/database-with-schema.js'
import { type CuttingProxy, cuttingProxy } from '../../typeorm/failures/cutting-proxy.js'

export const CONTEXT = { tenant: 't1', entity: 'Credential' }

/** A provider whose calls are in a ledger of its own. */
export interface Recorded {
  readonly ledger: PostgresLedger
  readonly kms: FaultyProvider
  readonly provider: RecordingProvider
  readonly clock: ManualClock
  readonly problems: LedgerProblem[]
}

export interface LedgerSuite {
  readonly database: FreshDatabase
  /** Closed after the tests. */
  open(options?: Partial<LedgerOptions>): Promise<Recorded>
  /** A way to the database that can be cut. Closed after the tests. */
  proxied(): Promise<{ readonly proxy: CuttingProxy; readonly connection: string }>
  /** A folder that does not exist yet. */
  folder(): string
  /** The attempts of a writer in their order, each with its ends. */
  attempts(writer: string): Promise<Record<string, any>[]>
}

export function useLedger(): LedgerSuite {
  let database: FreshDatabase
  let scratch: string
  let folders = 0
  const proxies: CuttingProxy[] = []
  const opened: PostgresLedger[] = []
  beforeAll(async () => {
    database = await databaseWithSchema()
    scratch = await mkdtemp(join(tmpdir(), 'waxseal-ledger-'))
  })
  afterAll(async () => {
    for (const proxy of proxies) proxy.close()
    await Promise.all(opened.map((ledger) => ledger.close().catch(() => undefined)))
    await database.drop()
    await rm(scratch, { recursive: true, force: true })
  })
  return {
    get database() {
      return database
    },
    async open(options = {}) {
      const clock = new ManualClock(new Date())
      const problems: LedgerProblem[] = []
      const onProblem = (problem: LedgerProblem) => void problems.push(problem)
      const ledger = await openLedger({ connection: database.url, clock, onProblem, ...options })
      opened.push(ledger)
      const kms = new FaultyProvider({ clock })
      return { ledger, kms, provider: new RecordingProvider(kms, ledger, clock), clock, problems }
    },
    async proxied() {
      const proxy = cuttingProxy()
      proxies.push(proxy)
      return { proxy, connection: await proxy.listen(database.url) }
    },
    folder: () => join(scratch, String(++folders)),
    async attempts(writer) {
      const { rows } = await database.client.query(
        `SELECT attempt.*, (SELECT coalesce(json_agg(ended.*), '[]') FROM waxseal.ledger_end ended WHERE ended.attempt = id) AS ends
          FROM waxseal.ledger_attempt attempt WHERE writer = $1 ORDER BY inserted_at, id`,
        [writer],
      )
      return rows
    },
  }
}

/** Everything that the files of a folder hold. */
export async function textIn(folder: string): Promise<string> {
  const names = await readdir(folder).catch(() => [])
  return (await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')))).join('')
}

/** Resolves when it is so. What it waits for is under way already. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await setImmediate()
}

/** Lets heartbeats go by until it is so: one that is still under way is shared by those that come meanwhile. */
export async function untilBeat(clock: ManualClock, isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await clock.advance(5_000)
}
