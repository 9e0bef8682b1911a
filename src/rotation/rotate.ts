import type { EnvelopeCipher } from '../envelope/envelope-cipher.js'
import { joinRun, type OpenedRun, openRun, type RunEvent, type RunState } from '../jobs/index.js'
import { assertOptions, isFunction, isObject, type OptionRules, wholeNumberFrom } from '../kms/options.js'
import { assertSchema } from '../lifecycle/index.js'
import { assertSetIndex } from '../postgres/assert-set-index.js'
import type { ProtectedTable } from '../postgres/protected-table.js'
import type { Pool, Queryable } from '../postgres/queryable.js'
import { endedJournals } from './journal.js'
import { rewrapJob } from './rewrap-job.js'
import { described, settingsOf } from './rotation-run.js'
import { type Verified, verifyRun } from './verify.js'

export interface RotateOptions {
  /** Its provider and recipients are the KEKs that rows are to be wrapped under; it has to open what is stored. */
  readonly cipher: Pick<EnvelopeCipher, 'rewrap' | 'currentKeks' | 'open' | 'forget'>
  /** The tables to go through, one after the other. */
  readonly tables: readonly ProtectedTable[]
  /** A pool of `pg`. Three connections at most are used at a time. */
  readonly pool: Pool
  /** Set it where a provider chooses the KEK by the encryption context: then each row is asked. Default `false`. */
  readonly kekPerContext?: boolean
  /**
   * `each`: each new wrap is unwrapped before it replaces the old one. `sample`: the old wraps are kept in a journal until the
   * run has ended and a sample of it was opened, which spares a call to the KMS for each row. Default `each`.
   */
  readonly verify?: 'each' | 'sample'
  /** With `verify: 'sample'`: rows that are opened when the run has ended. Default 1,000. */
  readonly sampleRows?: number
  /**
   * Calls a second to a KEK that the providers of `cipher` keep to, as a `BudgetProvider` with a `SharedBudget` does. Written
   * down with the run: whoever joins it has to have the same.
   */
  readonly rate?: number
  /** Ends the work after the batches at hand; the run goes on when it is called again. */
  readonly signal?: AbortSignal
  /** Gets what the run tells while it goes on. */
  readonly onEvent?: (event: RunEvent) => void
  /** Rows of one transaction. Default 1,000. */
  readonly batchRows?: number
  /** Rows whose data keys are being rewrapped at a time. Default 64. */
  readonly concurrency?: number
}

const OPTIONS: OptionRules<RotateOptions> = {
  cipher: [isObject, 'be an EnvelopeCipher'],
  tables: [Array.isArray, 'be a list of tables'],
  pool: [isObject, 'be a pool of pg'],
  kekPerContext: [(value) => typeof value === 'boolean', 'be true or false'],
  verify: [(value) => value === 'each' || value === 'sample', 'be each or sample'],
  sampleRows: wholeNumberFrom(1),
  rate: wholeNumberFrom(1),
  signal: [(value) => value instanceof AbortSignal, 'be an AbortSignal'],
  onEvent: [isFunction, 'be a function'],
  batchRows: wholeNumberFrom(1),
  concurrency: wholeNumberFrom(1),
}

/** What came of the run over one table, over all processes and resumptions. Every row is counted once. */
export interface RotationReport {
  readonly entity: string
  readonly run: string
  /** `running`: the signal was aborted, and the run goes on when somebody works on it again. */
  readonly state: RunState
  /** Stored under the current KEKs now. */
  readonly rewrapped: number
  /** How many of them had their field columns compared, before and after. */
  readonly compared: number
  /** Were so already. */
  readonly current: number
  readonly shredded: number
  /** Without an envelope. */
  readonly empty: number
  /** With `verify: 'sample'`: rows whose wraps were opened when the run had ended. */
  readonly opened: number
  /** With `verify: 'sample'`: rows that have their old wraps again, since a new one did not open. */
  readonly restored: number
  /** Rows that could not be rewrapped: `waxseal runs failures` lists them. */
  readonly failed: number
}

/**
 * Wraps the data keys of all stale rows under the current KEKs; no field is decrypted, and no field column changes. May be
 * killed at any point and called again, and called by several processes at once: each row is handled once. Rejects with what
 * concerns all rows, such as a KMS that does not answer; the run stays open then.
 */
export async function rotate(options: RotateOptions): Promise<RotationReport[]> {
  assertOptions('rotate', options, OPTIONS)
  const { tables, pool, signal, verify = 'each', rate } = options
  await assertSchema(pool)
  for (const table of tables) await assertSetIndex(pool, table)
  const reports: RotationReport[] = []
  for (const table of tables) {
    if (signal?.aborted) break
    // Of a run that was killed between its end and its verification.
    await verifyEnded(table, options)
    const opened = await openRun(pool, described(table, { verify, rate }))
    reports.push(await joinRotation(opened, table, options))
  }
  return reports
}

/** Works on a rotation that was begun, as it was begun. One that has ended meanwhile is left as it is. */
export async function joinRotation(
  opened: OpenedRun,
  table: ProtectedTable,
  options: Omit<RotateOptions, 'tables' | 'verify' | 'rate'>,
): Promise<RotationReport> {
  const { cipher, pool, kekPerContext = false, concurrency = CONCURRENCY, signal, onEvent, batchRows } = options
  const job = rewrapJob({ table, cipher, kekPerContext, concurrency, ...settingsOf(opened.run) })
  const { run, state, counts, failed } = await joinRun(job, opened, {
    pool,
    ...(signal && { signal }),
    ...(onEvent && { onEvent }),
    ...(batchRows !== undefined && { batchRows }),
  })
  const { rewrapped = 0, compared = 0, current = 0, shredded = 0, empty = 0 } = counts
  const report = { entity: table.entity, run: run.id, state, rewrapped, compared, current, shredded, empty, failed }
  return { ...report, ...(await verifyEnded(table, options)) }
}

const CONCURRENCY = 64

/** Verifies the runs of a table that have ended and whose old wraps are still kept. */
export async function verifyEnded(
  table: ProtectedTable,
  {
    cipher,
    pool,
    concurrency = CONCURRENCY,
    sampleRows = 1_000,
  }: Pick<RotateOptions, 'cipher' | 'pool' | 'concurrency' | 'sampleRows'>,
): Promise<Verified> {
  const verification = { table, cipher, pool, concurrency, sampleRows }
  let [opened, restored] = [0, 0]
  for (const run of await endedJournals(pool, table)) {
    const verified = await verifyRun(run, verification)
    await countVerified(pool, run, verified)
    opened += verified.opened
    restored += verified.restored
  }
  return { opened, restored }
}

/** For whoever only watches the run. */
async function countVerified(client: Queryable, run: string, verified: Verified): Promise<void> {
  const counted = Object.entries(verified).filter(([, rows]) => rows > 0)
  await client.query(
    `INSERT INTO waxseal.run_count (run, pass, name, rows)
      SELECT $1, 0, name, counted FROM unnest($2::text[], $3::int8[]) AS count (name, counted)
      ON CONFLICT (run, pass, name) DO UPDATE SET rows = run_count.rows + excluded.rows`,
    [run, counted.map(([name]) => name), counted.map(([, rows]) => rows)],
  )
}
