import type { EnvelopeCipher } from '../envelope/envelope-cipher.js'
import { type RunEvent, type RunState, runJob } from '../jobs/index.js'
import {
  assertOptions,
  hasMethods,
  isFunction,
  isObject,
  isText,
  type OptionRules,
  wholeNumberFrom,
} from '../kms/options.js'
import { isDuration, secondsOf } from '../lifecycle/duration.js'
import { assertSchema } from '../lifecycle/index.js'
import { assertSetIndex } from '../postgres/assert-set-index.js'
import { assertGuard } from '../postgres/guard-check.js'
import type { ProtectedTable } from '../postgres/protected-table.js'
import type { Pool, Queryable } from '../postgres/queryable.js'
import { renewJob } from './renew-job.js'
import { assertFilter, type RenewalFilter, wantedOf } from './renewal-filter.js'

export interface RenewOptions {
  /** Opens what is stored, and makes the new data keys. */
  readonly cipher: Pick<EnvelopeCipher, 'open' | 'mint' | 'forget'>
  /** The tables to go through, one after the other. Those that do not declare the pair of `context` are left out. */
  readonly tables: readonly ProtectedTable[]
  /** A pool of `pg`. Three connections at most are used at a time. */
  readonly pool: Pool
  /** Only rows with this value of a declared pair, such as a tenant's. */
  readonly context?: RenewalFilter['context']
  /** Only rows with a wrap under this KEK: `provider:id` for all its versions, or `provider:id@version`. */
  readonly kek?: string
  /** Only rows whose data key is so old, such as `2y`, or may be: of one that was wrapped again, the age is not known. */
  readonly olderThan?: string
  /** Ends the work after the batches at hand; the run goes on when it is called again. */
  readonly signal?: AbortSignal
  /** Gets what the run tells while it goes on. */
  readonly onEvent?: (event: RunEvent) => void
  /** Rows of one transaction, whose fields are in memory together. Default 200. */
  readonly batchRows?: number
  /** Rows that the KMS is asked about at a time. Default 64. */
  readonly concurrency?: number
}

const OPTIONS: OptionRules<RenewOptions> = {
  cipher: [(value) => hasMethods(value, ['open', 'mint', 'forget']), 'be an EnvelopeCipher'],
  tables: [Array.isArray, 'be a list of tables'],
  pool: [isObject, 'be a pool of pg'],
  context: [isObject, 'be { pair, value }'],
  kek: [isText, 'be a KEK as provider:id or provider:id@version'],
  olderThan: [isDuration, 'be a duration such as 2y'],
  signal: [isObject, 'be an AbortSignal'],
  onEvent: [isFunction, 'be a function'],
  batchRows: wholeNumberFrom(1),
  concurrency: wholeNumberFrom(1),
}

/** What came of the run over one table, over all processes and resumptions. Every row is counted once. */
export interface RenewalReport {
  readonly entity: string
  readonly run: string
  /** `running`: the signal was aborted, and the run goes on when somebody works on it again. */
  readonly state: RunState
  /** Have a new data key, and every field encrypted under it. */
  readonly renewed: number
  /** Were not asked for, or got their data key since the run began. */
  readonly kept: number
  readonly shredded: number
  /** Without an envelope. */
  readonly empty: number
  /** Rows that could not be renewed, and are as they were. */
  readonly failed: number
}

/**
 * Gives credentials new data keys: every field is decrypted and encrypted again, and shown to open, before it replaces the former.
 * A row that somebody writes meanwhile is read again and renewed as it is then. May be killed at any point and called again. It
 * heals a data key that has leaked, for whoever has no copy of the ciphertexts yet; not a secret that was read.
 */
export async function renew(options: RenewOptions): Promise<RenewalReport[]> {
  assertOptions('renew', options, OPTIONS)
  const { cipher, pool, signal, onEvent, batchRows = 200, concurrency = 64 } = options
  const filter = filterOf(options)
  assertFilter(filter, options.tables)
  const jobs = options.tables.flatMap((table) => {
    const wanted = wantedOf(table, filter, Date.now())
    return wanted ? [renewJob({ table, cipher, filter, wanted, concurrency })] : []
  })
  await assertSchema(pool)
  for (const { table } of jobs) {
    await assertGuard(pool, table)
    await assertSetIndex(pool, table)
  }
  const reports: RenewalReport[] = []
  for (const job of jobs) {
    if (signal?.aborted) break
    const { run, state, counts, failed } = await runJob(job, {
      ...{ pool, batchRows },
      ...(signal && { signal }),
      ...(onEvent && { onEvent }),
    })
    const { renewed = 0, kept = 0, shredded = 0, empty = 0 } = counts
    await forgetRenewed(pool)
    reports.push({ entity: job.table.entity, run: run.id, state, renewed, kept, shredded, empty, failed })
  }
  return reports
}

export function filterOf({
  context,
  kek,
  olderThan,
}: Pick<RenewOptions, 'context' | 'kek' | 'olderThan'>): RenewalFilter {
  return {
    ...(context && { context }),
    ...(kek !== undefined && { kek }),
    ...(olderThan !== undefined && { olderThanSeconds: secondsOf(olderThan) }),
  }
}

/** Of runs that have ended: nobody asks any more. */
async function forgetRenewed(client: Queryable): Promise<void> {
  await client.query(
    `DELETE FROM waxseal.renewed_envelope WHERE run IN
      (SELECT id FROM waxseal.run WHERE kind = 'renew' AND state IN ('finished', 'cancelled'))`,
  )
}
