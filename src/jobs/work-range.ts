import type { Clock } from '../kms/clock.js'
import { inTransaction } from '../postgres/in-transaction.js'
import { keyOfRow, type RowKey, readByIndex, readKekSet } from '../postgres/kek-sets.js'
import type { PooledClient, Queryable } from '../postgres/queryable.js'
import type { StoredRow } from '../postgres/stored-row.js'
import { account } from './account.js'
import type { RunEvent } from './events.js'
import type { Batch, Job, Outcome } from './job.js'
import { HEARTBEAT_MS, heartbeat, type Range, release } from './range.js'
import type { RunState } from './run.js'

export interface RangeWork<P> {
  readonly job: Job<P>
  readonly range: Range
  readonly owner: string
  readonly batch: Batch
  readonly batchRows: number
  readonly writer: PooledClient
  /** For heartbeats: never one of the two that may be in a transaction. */
  readonly pool: Queryable
  readonly clock: Clock
  readonly onEvent: (event: RunEvent) => void
}

/** Works until the end of the range, or until it is another process's, the run no longer running, or the signal aborted. */
export async function workRange<P>(work: RangeWork<P>): Promise<void> {
  const { job, range, owner, batch, writer, onEvent } = work
  const heart = beat(work)
  let next = readAhead(work, range.cursor)
  try {
    for (;;) {
      const { rows, cursor, prepared } = await next
      batch.signal.throwIfAborted()
      // While this one is stored.
      if (cursor) next = readAhead(work, cursor)
      const stored = await store(work, { rows, cursor, prepared })
      if (!stored) return
      onEvent({ type: 'batch', rows: rows.length, outcome: stored.outcome })
      if (!cursor) return
      if (stored.state !== 'running') break
    }
    await release(writer, range, owner)
  } catch (error) {
    // Others can go on at once. A connection that is gone leaves it to the heartbeat that is missed.
    await release(writer, range, owner).catch(() => undefined)
    throw error
  } finally {
    heart.stop()
    // The reading connection is given back when nothing runs on it.
    await next.catch(() => undefined)
  }

  async function store(
    { owner, range, batch }: RangeWork<P>,
    { rows, cursor, prepared }: Prepared<P>,
  ): Promise<{ outcome: Outcome; state: RunState } | undefined> {
    try {
      return await inTransaction(writer, async () => {
        const outcome = prepared === undefined ? NOTHING : await job.store(writer, prepared, batch)
        const entry = { table: job.table, run: batch.run, pass: batch.pass, range, owner, rows, outcome, cursor }
        const state = await account(writer, entry)
        if (state === undefined) throw TAKEN_OVER
        return { outcome, state }
      })
    } catch (error) {
      if (error === TAKEN_OVER) return undefined
      throw error
    }
  }
}

/** Thrown to roll back. */
const TAKEN_OVER = Symbol('taken over')
const NOTHING: Outcome = { counts: {}, moved: 0, lost: 0, failures: [] }

interface Prepared<P> {
  readonly rows: readonly StoredRow[]
  /** The last row; undefined where no more follow. */
  readonly cursor: RowKey | undefined
  readonly prepared: P | undefined
}

function readAhead<P>({ job, range, batch, batchRows }: RangeWork<P>, after: RowKey | undefined): Promise<Prepared<P>> {
  const { client } = batch
  async function run(): Promise<Prepared<P>> {
    const rows = await inTransaction(client, async () => {
      await readByIndex(client)
      return readKekSet(client, job.table, { hash: range.hash, after, until: range.until }, batchRows)
    })
    const cursor = rows.length < batchRows ? undefined : keyOfRow(job.table, rows.at(-1)!)
    return { rows, cursor, prepared: rows.length === 0 ? undefined : await job.prepare(rows, batch) }
  }
  const running = run()
  // It may fail while the batch before is stored: it is told when its turn comes.
  running.catch(() => undefined)
  return running
}

/** Tells the others that this process lives. */
function beat<P>({ pool, range, owner, clock }: RangeWork<P>): { stop(): void } {
  let cancel = clock.after(HEARTBEAT_MS, run)
  function run() {
    // A beat that fails is one that is missed: the range is lost when there are three, which the next batch finds out.
    heartbeat(pool, range, owner).catch(() => undefined)
    cancel = clock.after(HEARTBEAT_MS, run)
  }
  return { stop: () => cancel() }
}
