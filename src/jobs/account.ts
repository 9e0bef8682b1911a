import { isWaxsealError } from '../errors.js'
import { keyOfRow, type RowKey } from '../postgres/kek-sets.js'
import type { ProtectedTable } from '../postgres/protected-table.js'
import type { Queryable } from '../postgres/queryable.js'
import type { StoredRow } from '../postgres/stored-row.js'
import type { Outcome } from './job.js'
import type { Range } from './range.js'
import type { RunState } from './run.js'

export interface Entry {
  readonly table: ProtectedTable
  readonly run: string
  readonly pass: number
  readonly range: Range
  readonly owner: string
  readonly rows: readonly StoredRow[]
  readonly outcome: Outcome
  /** The last row of the batch; undefined where the range ends with it. */
  readonly cursor: RowKey | undefined
}

/**
 * Counts a batch and moves the cursor of its range, in the transaction that stores the batch. Undefined when the range was
 * taken over: the transaction has to be rolled back, somebody else does the rows.
 */
export async function account(client: Queryable, entry: Entry): Promise<RunState | undefined> {
  const { table, run, pass, range, owner, rows, outcome, cursor } = entry
  // By their keys: a job may have read the row again.
  const keyText = (row: StoredRow) => JSON.stringify(keyOfRow(table, row))
  const failed = outcome.failures.map(({ row }) => keyText(row))
  if (failed.length > 0) {
    const described = outcome.failures.map(({ error }) => describeFailure(error))
    await client.query(
      `INSERT INTO waxseal.run_failure (run, primary_key, code, message)
        SELECT $1, ARRAY(SELECT jsonb_array_elements_text(key)), code, message
          FROM unnest($2::jsonb[], $3::text[], $4::text[]) AS failure (key, code, message)
        ON CONFLICT (run, primary_key) DO UPDATE
          SET code = excluded.code, message = excluded.message, failed_at = excluded.failed_at`,
      [run, failed, described.map(({ code }) => code), described.map(({ message }) => message)],
    )
  }
  if (pass > 1) {
    const others = new Set(failed)
    const succeeded = rows.map(keyText).filter((key) => !others.has(key))
    await client.query(
      `DELETE FROM waxseal.run_failure WHERE run = $1 AND primary_key IN (
        SELECT ARRAY(SELECT jsonb_array_elements_text(key)) FROM unnest($2::jsonb[]) AS succeeded (key))`,
      [run, succeeded],
    )
  }
  const counts = { ...outcome.counts, [MOVED]: outcome.moved, [LOST]: outcome.lost }
  const counted = Object.entries(counts).filter(([, count]) => count > 0)
  // The rows of the counts are locked until the commit, which is next; in one order, so that nobody waits in a circle.
  const { rows: accounted } = await client.query(
    `WITH moved AS (
        ${cursor ? 'UPDATE waxseal.run_range SET cursor = $7, heartbeat_at = clock_timestamp()' : 'DELETE FROM waxseal.run_range'}
        WHERE id = $3 AND owner = $4 RETURNING id
      ), counted AS (
        INSERT INTO waxseal.run_count (run, pass, name, rows)
          SELECT $1, $2, name, counted FROM moved, unnest($5::text[], $6::int8[]) AS count (name, counted) ORDER BY name
          ON CONFLICT (run, pass, name) DO UPDATE SET rows = run_count.rows + excluded.rows
      )
      SELECT state FROM moved, waxseal.run WHERE run.id = $1`,
    [
      ...[run, pass, range.id, owner, counted.map(([name]) => name), counted.map(([, count]) => count)],
      ...(cursor ? [cursor] : []),
    ],
  )
  return accounted[0]?.state as RunState | undefined
}

const MOVED = ' moved'
const LOST = ' lost'

/** Whether the pass changed anything, or met what others were changing: then there may be more to find. */
export async function wasQuiet(client: Queryable, run: string, pass: number): Promise<boolean> {
  const { rows } = await client.query(
    'SELECT FROM waxseal.run_count WHERE run = $1 AND pass = $2 AND name = ANY ($3) LIMIT 1',
    [run, pass, [MOVED, LOST]],
  )
  return rows.length === 0
}

/** What a run has come to so far, over all processes. */
export interface RunReport {
  readonly counts: Readonly<Record<string, number>>
  /** Rows that could not be handled. */
  readonly failed: number
  /** Whether old wraps of the run are kept until it is verified. */
  readonly journal: boolean
}

export async function readReport(client: Queryable, run: string): Promise<RunReport> {
  const counts = await client.query(
    `SELECT name, sum(rows)::float8 AS rows FROM waxseal.run_count WHERE run = $1 AND name NOT LIKE ' %' GROUP BY name ORDER BY name`,
    [run],
  )
  const others = await client.query(
    `SELECT (SELECT count(*) FROM waxseal.run_failure WHERE run = $1)::float8 AS failed,
      EXISTS (SELECT FROM waxseal.rewrap_journal WHERE run = $1) AS journal`,
    [run],
  )
  const { failed, journal } = others.rows[0] as unknown as Pick<RunReport, 'failed' | 'journal'>
  return {
    counts: Object.fromEntries(counts.rows.map(({ name, rows }) => [name, rows as number])),
    failed,
    journal,
  }
}

/** Code and message of an error, without a value of the row: what the database says of other codes may repeat one. */
export function describeFailure(error: unknown): { readonly code: string; readonly message: string } {
  if (isWaxsealError(error)) return { code: error.code, message: error.message }
  const { code, message, name } = (error ?? {}) as { code?: unknown; message?: string; name?: string }
  if (typeof code === 'string' && /^WX/.test(code)) return { code, message: message ?? '' }
  if (typeof code === 'string') return { code, message: 'the database refused to store the row' }
  return { code: 'unknown', message: `an error of the kind ${name ?? typeof error}` }
}

/** A row that a run could not handle. */
export interface FailedRow {
  readonly primaryKey: RowKey
  readonly code: string
  readonly message: string
}

/** The first of them, in the order in which they failed. */
export async function readFailures(client: Queryable, run: string, limit = 1_000): Promise<FailedRow[]> {
  const { rows } = await client.query(
    `SELECT primary_key AS "primaryKey", code, message FROM waxseal.run_failure WHERE run::text = $1
      ORDER BY failed_at, primary_key LIMIT $2`,
    [run, limit],
  )
  return rows as unknown as FailedRow[]
}
