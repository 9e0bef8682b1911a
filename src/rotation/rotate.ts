import type { EnvelopeCipher } from '../envelope/envelope-cipher.js'
import { type RunEvent, type RunState, runJob } from '../jobs/index.js'
import { assertOptions, isFunction, isObject, type OptionRules, wholeNumberFrom } from '../kms/options.js'
import { assertSchema } from '../lifecycle/index.js'
import { assertSetIndex } from '../postgres/assert-set-index.js'
import type { ProtectedTable } from '../postgres/protected-table.js'
import type { Pool } from '../postgres/queryable.js'
import { rewrapJob } from './rewrap-job.js'

export interface RotateOptions {
  /** Its provider and recipients are the KEKs that rows are to be wrapped under; it has to open what is stored. */
  readonly cipher: Pick<EnvelopeCipher, 'rewrap' | 'currentKeks'>
  /** The tables to go through, one after the other. */
  readonly tables: readonly ProtectedTable[]
  /** A pool of `pg`. Three connections at most are used at a time. */
  readonly pool: Pool
  /** Set it where a provider chooses the KEK by the encryption context: then each row is asked. Default `false`. */
  readonly kekPerContext?: boolean
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
  const { cipher, tables, pool, kekPerContext = false, concurrency = 64, signal, onEvent, batchRows } = options
  await assertSchema(pool)
  for (const table of tables) await assertSetIndex(pool, table)
  const reports: RotationReport[] = []
  for (const table of tables) {
    if (signal?.aborted) break
    const job = rewrapJob({ table, cipher, kekPerContext, concurrency })
    const { run, state, counts, failed } = await runJob(job, {
      pool,
      ...(signal && { signal }),
      ...(onEvent && { onEvent }),
      ...(batchRows !== undefined && { batchRows }),
    })
    const { rewrapped = 0, compared = 0, current = 0, shredded = 0, empty = 0 } = counts
    reports.push({ entity: table.entity, run: run.id, state, rewrapped, compared, current, shredded, empty, failed })
  }
  return reports
}
