import { hostname, userInfo } from 'node:os'
import { ConfigurationError } from '../errors.js'
import { qualifiedName } from '../postgres/protected-table.js'
import type { Queryable } from '../postgres/queryable.js'
import type { Job } from './job.js'

export const RUN_STATES = ['running', 'paused', 'cancelled', 'finished'] as const
export type RunState = (typeof RUN_STATES)[number]

export interface Run {
  readonly id: string
  readonly kind: string
  readonly entity: string
  /** Qualified and quoted. */
  readonly table: string
  readonly state: RunState
  readonly options: Readonly<Record<string, unknown>>
  readonly pass: number
  /** User and machine. */
  readonly startedBy: string
  readonly startedAt: Date
  readonly finishedAt: Date | null
}

export const RUN_COLUMNS = `id, kind, entity, table_name AS "table", state, options, pass, started_by AS "startedBy",
  started_at AS "startedAt", finished_at AS "finishedAt"`

export interface OpenedRun {
  readonly run: Run
  /** It was there already: begun elsewhere, or before. */
  readonly resumed: boolean
}

type Described = Pick<Job<unknown>, 'kind' | 'table' | 'options'>

/** Starts a run, or finds the one of this kind that is open for the table. Refuses one that was paused, or of other options. */
export async function openRun(client: Queryable, { kind, table, options }: Described): Promise<OpenedRun> {
  const by = `${userInfo().username}@${hostname()}`
  const inserted = await client.query(
    `INSERT INTO waxseal.run (kind, entity, table_name, options, started_by) VALUES ($1, $2, $3, $4, $5)
      ON CONFLICT (kind, table_name) WHERE state IN ('running', 'paused') DO NOTHING RETURNING ${RUN_COLUMNS}`,
    [kind, table.entity, qualifiedName(table), JSON.stringify(options), by],
  )
  if (inserted.rows[0]) return { run: inserted.rows[0] as unknown as Run, resumed: false }
  const found = await client.query(
    `SELECT ${RUN_COLUMNS}, options = $3::jsonb AS same FROM waxseal.run
      WHERE kind = $1 AND table_name = $2 AND state IN ('running', 'paused')`,
    [kind, qualifiedName(table), JSON.stringify(options)],
  )
  const run = found.rows[0] as unknown as (Run & { readonly same: boolean }) | undefined
  // It ended between the two statements.
  if (!run) return openRun(client, { kind, table, options })
  if (run.state === 'paused') {
    throw new ConfigurationError(
      `${describe(run)} is paused; resume it with "waxseal runs resume ${run.id}", or cancel it`,
    )
  }
  if (!run.same) {
    throw new ConfigurationError(
      `${describe(run)} is open with the options ${JSON.stringify(run.options)}, expected ${JSON.stringify(options)}; ` +
        `go on with those, or cancel it with "waxseal runs cancel ${run.id}"`,
    )
  }
  return { run, resumed: true }
}

export async function readRun(client: Queryable, id: string): Promise<Run | undefined> {
  const { rows } = await client.query(`SELECT ${RUN_COLUMNS} FROM waxseal.run WHERE id::text = $1`, [id])
  return rows[0] as unknown as Run | undefined
}

/** Those that are open, and the last that ended. */
export async function listRuns(client: Queryable, ended = 20): Promise<Run[]> {
  const { rows } = await client.query(
    `(SELECT ${RUN_COLUMNS} FROM waxseal.run WHERE state IN ('running', 'paused'))
      UNION ALL (SELECT ${RUN_COLUMNS} FROM waxseal.run WHERE state NOT IN ('running', 'paused')
        ORDER BY started_at DESC LIMIT $1) ORDER BY "startedAt"`,
    [ended],
  )
  return rows as unknown as Run[]
}

export type RunChange = 'pause' | 'resume' | 'cancel'

const CHANGES: Record<RunChange, { readonly from: readonly RunState[]; readonly to: RunState }> = {
  pause: { from: ['running'], to: 'paused' },
  resume: { from: ['paused'], to: 'running' },
  cancel: { from: ['running', 'paused'], to: 'cancelled' },
}

/**
 * Whoever works on the run sees it after the batch at hand. Resuming only allows the work: somebody has to do it. What a
 * cancelled run has done stays done.
 */
export async function changeRun(client: Queryable, id: string, change: RunChange): Promise<Run> {
  const { from, to } = CHANGES[change]
  const { rows } = await client.query(
    `UPDATE waxseal.run SET state = $2, finished_at = CASE WHEN $2 = 'cancelled' THEN clock_timestamp() END
      WHERE id::text = $1 AND state = ANY ($3) RETURNING ${RUN_COLUMNS}`,
    [id, to, from],
  )
  if (rows[0]) return rows[0] as unknown as Run
  const found = await readRun(client, id)
  throw new ConfigurationError(
    found
      ? `${describe(found)} is ${found.state}: expected one that is ${from.join(' or ')}`
      : `there is no run "${id}"; "waxseal runs" lists them`,
  )
}

export function describe({ kind, table, id }: Pick<Run, 'kind' | 'table' | 'id'>): string {
  return `the run ${id} (${kind} of ${table})`
}
