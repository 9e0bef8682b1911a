import { inTransaction } from '../postgres/in-transaction.js'
import { type KekSet, keyBehind, type RowKey, readByIndex } from '../postgres/kek-sets.js'
import type { ProtectedTable } from '../postgres/protected-table.js'
import type { Queryable } from '../postgres/queryable.js'
import type { Run, RunState } from './run.js'

/** Rows of a set that one process has for itself. */
export interface Range {
  readonly id: string
  readonly hash: string
  /** Up to which row it was worked on. */
  readonly cursor: RowKey | undefined
  readonly until: RowKey | undefined
}

/** How a process learns what to do next. */
export type Lease =
  | { readonly next: 'work'; readonly range: Range; readonly pass: number; readonly takenOver: boolean }
  /** Others still work on the pass: they may die. */
  | { readonly next: 'wait' }
  /** Nobody works on it any more. */
  | { readonly next: 'pass'; readonly pass: number }
  | { readonly next: 'end'; readonly state: RunState }

export const HEARTBEAT_MS = 5_000
/** A process that was silent for so long is taken for dead. By the server's clock. */
const TAKEN_OVER_AFTER = '15 seconds'

export interface Leaseholder {
  readonly table: ProtectedTable
  readonly run: Run
  /** Of the process: new for each. */
  readonly owner: string
  readonly rangeRows: number
}

/**
 * A range whose owner is gone, else the next of a set that has rows left: cut when it is asked for, so that nobody plans
 * over all rows first. Under the lock of the run's row, which those who work on their ranges do not need.
 */
export async function lease(client: Queryable, { table, run, owner, rangeRows }: Leaseholder): Promise<Lease> {
  return inTransaction(client, async () => {
    // A lease that a crash of the server undoes was never used: what is committed after it would be undone as well.
    await client.query('SET LOCAL synchronous_commit = off')
    const { state, pass } = await lockRun(client, run.id)
    if (state !== 'running') return { next: 'end', state }
    const abandoned = await client.query(
      `UPDATE waxseal.run_range SET owner = $2, heartbeat_at = clock_timestamp()
        WHERE id = (SELECT id FROM waxseal.run_range WHERE run = $1
            AND (owner IS NULL OR heartbeat_at < clock_timestamp() - interval '${TAKEN_OVER_AFTER}')
          ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
        RETURNING ${RANGE_COLUMNS}`,
      [run.id, owner],
    )
    if (abandoned.rows[0]) return { next: 'work', pass, takenOver: true, range: rangeOf(abandoned.rows[0]) }
    const open = await client.query(
      'SELECT set_hash::text AS hash, frontier FROM waxseal.run_set WHERE run = $1 AND NOT exhausted ORDER BY set_hash LIMIT 1',
      [run.id],
    )
    if (open.rows[0]) {
      const { hash, frontier } = open.rows[0] as { hash: string; frontier: RowKey | null }
      await readByIndex(client)
      const until = await keyBehind(client, table, { hash, after: frontier ?? undefined }, rangeRows)
      await client.query(
        `UPDATE waxseal.run_set SET frontier = coalesce($3, frontier), exhausted = $3 IS NULL WHERE run = $1 AND set_hash = $2`,
        [run.id, hash, until],
      )
      const { rows } = await client.query(
        `INSERT INTO waxseal.run_range (run, set_hash, cursor, until, owner) VALUES ($1, $2, $3, $4, $5)
          RETURNING ${RANGE_COLUMNS}`,
        [run.id, hash, frontier, until, owner],
      )
      return { next: 'work', pass, takenOver: false, range: rangeOf(rows[0]!) }
    }
    const taken = await client.query('SELECT FROM waxseal.run_range WHERE run = $1 LIMIT 1', [run.id])
    return taken.rows.length > 0 ? { next: 'wait' } : { next: 'pass', pass }
  })
}

/** Whether it is still this process's. */
export async function heartbeat(client: Queryable, range: Range, owner: string): Promise<boolean> {
  const { rows } = await client.query(
    'UPDATE waxseal.run_range SET heartbeat_at = clock_timestamp() WHERE id = $1 AND owner = $2 RETURNING id',
    [range.id, owner],
  )
  return rows.length > 0
}

/** Leaves what is left of the range to others. */
export async function release(client: Queryable, range: Range, owner: string): Promise<void> {
  await client.query('UPDATE waxseal.run_range SET owner = NULL WHERE id = $1 AND owner = $2', [range.id, owner])
}

/** The next pass, over these sets; the end of the run where there are none. Nothing where somebody else was faster. */
export async function beginPass(client: Queryable, run: Run, after: number, sets: readonly KekSet[]): Promise<void> {
  await inTransaction(client, async () => {
    const { state, pass } = await lockRun(client, run.id)
    if (state !== 'running' || pass !== after) return
    if (sets.length === 0) {
      await client.query(`UPDATE waxseal.run SET state = 'finished', finished_at = clock_timestamp() WHERE id = $1`, [
        run.id,
      ])
      return
    }
    await client.query('DELETE FROM waxseal.run_set WHERE run = $1', [run.id])
    await client.query('INSERT INTO waxseal.run_set (run, set_hash) SELECT $1, unnest($2::int8[])', [
      run.id,
      sets.map(({ hash }) => hash),
    ])
    await client.query('UPDATE waxseal.run SET pass = pass + 1 WHERE id = $1', [run.id])
  })
}

async function lockRun(client: Queryable, id: string): Promise<Pick<Run, 'state' | 'pass'>> {
  const { rows } = await client.query('SELECT state, pass FROM waxseal.run WHERE id = $1 FOR NO KEY UPDATE', [id])
  return rows[0] as unknown as Pick<Run, 'state' | 'pass'>
}

const RANGE_COLUMNS = 'id, set_hash::text AS hash, cursor, until'

function rangeOf(row: Record<string, unknown>): Range {
  const { id, hash, cursor, until } = row as { id: string; hash: string; cursor: RowKey | null; until: RowKey | null }
  return { id, hash, cursor: cursor ?? undefined, until: until ?? undefined }
}
