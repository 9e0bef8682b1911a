import { randomUUID } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import { ConfigurationError } from '../errors.js'
import { type Clock, systemClock } from '../kms/clock.js'
import { pause } from '../kms/pause.js'
import { estimateRows } from '../postgres/estimate-rows.js'
import { listKekSets } from '../postgres/kek-sets.js'
import type { Pool, PooledClient } from '../postgres/queryable.js'
import { wasQuiet } from './account.js'
import type { RunEnd, RunEvent } from './events.js'
import type { Job } from './job.js'
import { beginPass, lease } from './range.js'
import type { Run } from './run.js'
import { workRange } from './work-range.js'

export interface Workplace {
  /** Three connections at most are used at a time. */
  readonly pool: Pool
  readonly signal?: AbortSignal
  readonly onEvent?: (event: RunEvent) => void
  readonly clock?: Clock
  /** Rows of one transaction. */
  readonly batchRows?: number
  /** Rows that a process takes for itself at a time. */
  readonly rangeRows?: number
}

export const BATCH_ROWS = 1_000
const BATCHES_IN_A_RANGE = 20
const WAIT_MS = 1_000
/** One that reads ahead, one that stores, and one for signs of life. */
const CONNECTIONS = 3
/** Rows that come back more often are being written under an old KEK: the run does not run after them for ever. */
const MAX_PASSES = 5

/**
 * Works on a run until it has ended, was paused, or the signal is aborted. Any number of processes may work on one run at the
 * same time. One that is killed is replaced by another one after 15 seconds, or by itself: each batch is stored and counted
 * in one transaction. Rejects with what concerns all rows; the run stays open then.
 */
export async function work<P>(job: Job<P>, run: Run, options: Workplace): Promise<RunEnd> {
  const { pool, clock = systemClock, batchRows = BATCH_ROWS, onEvent = () => undefined } = options
  const signal = AbortSignal.any(options.signal ? [options.signal] : [])
  // Every row of a batch listens to it, and Node warns of a leak from the eleventh on.
  setMaxListeners(0, signal)
  const holder = {
    table: job.table,
    run,
    owner: randomUUID(),
    rangeRows: options.rangeRows ?? batchRows * BATCHES_IN_A_RANGE,
  }
  const state = await withConnections(pool, async (reader, writer): Promise<RunEnd> => {
    for (;;) {
      if (signal.aborted) return 'running'
      const leased = await lease(reader, holder)
      if (leased.next === 'end') return leased.state
      if (leased.next === 'wait') {
        onEvent({ type: 'waiting' })
        // The loop looks at the signal.
        await pause(WAIT_MS, clock, signal).catch(() => undefined)
      } else if (leased.next === 'pass') {
        const { pass } = leased
        const isLast = pass === MAX_PASSES || (pass > 0 && (await wasQuiet(reader, run.id, pass)))
        const sets = isLast ? [] : await job.sets(await listKekSets(reader, job.table), reader)
        if (sets.length > 0) {
          const hashes = sets.map(({ hash }) => hash)
          const estimatedRows = await estimateRows(reader, job.table, hashes)
          onEvent({ type: 'pass', pass: pass + 1, sets: sets.length, estimatedRows })
        }
        await beginPass(reader, run, pass, sets)
      } else {
        if (leased.takenOver) onEvent({ type: 'takenOver' })
        const batch = { run: run.id, startedAt: run.startedAt, pass: leased.pass, client: reader, signal }
        const work = { job, range: leased.range, owner: holder.owner, batch, batchRows, writer, pool, clock, onEvent }
        await workRange(work).catch((error) => {
          if (!signal.aborted) throw error
        })
      }
    }
  })
  onEvent({ type: 'ended', state })
  return state
}

async function withConnections<T>(
  pool: Pool,
  run: (reader: PooledClient, writer: PooledClient) => Promise<T>,
): Promise<T> {
  assertRoom(pool)
  const reader = await pool.connect()
  let failed = true
  try {
    const writer = await pool.connect()
    try {
      const result = await run(reader, writer)
      failed = false
      return result
    } finally {
      writer.release(failed)
    }
  } finally {
    reader.release(failed)
  }
}

/** Who waits for a connection that he holds himself waits for ever. */
function assertRoom(pool: Pool): void {
  const { max } = (Reflect.get(pool, 'options') ?? {}) as { readonly max?: unknown }
  if (typeof max !== 'number' || max >= CONNECTIONS) return
  throw new ConfigurationError(
    `expected a pool of at least ${CONNECTIONS} connections, found one of ${max}; set its "max"`,
  )
}
