import type { EnvelopeCipher } from '../envelope/envelope-cipher.js'
import { type Job, openRun, type RunEvent, type RunState, readReport, work } from '../jobs/index.js'
import type { ProtectedTable } from '../postgres/protected-table.js'
import type { Pool } from '../postgres/queryable.js'
import { adoptJob } from './adopt-job.js'
import { adoptedTable } from './adopted-table.js'
import { preparedAdoption } from './enforce.js'
import { type FenceOptions, objectionsOf } from './fence.js'
import { isGuardedFor } from './guard-stage.js'
import type { Pace } from './pace.js'
import { reopen, sourceTypes } from './reopen.js'
import { rollbackJob } from './rollback-job.js'
import { verifyJob } from './verify-job.js'

export interface AdoptionWork extends FenceOptions {
  readonly cipher: Pick<EnvelopeCipher, 'mint' | 'open' | 'forget'>
  readonly pool: Pool
  readonly concurrency: number
  readonly pace: Pace
  readonly batchRows?: number
  readonly signal: AbortSignal
  readonly onEvent: (event: RunEvent) => void
}

/** What came of a run over one table, over all processes and resumptions. */
export interface AdoptionReport {
  readonly entity: string
  /** Why nothing was begun. */
  readonly objections: readonly string[]
  readonly run?: string
  readonly state?: RunState
  readonly counts: Readonly<Record<string, number>>
  /** Rows that could not be handled. */
  readonly failed: number
}

/** Encrypts the rows of a table that was prepared, while every process at work knows of both kinds of rows. */
export async function runAdoption(declared: ProtectedTable, options: AdoptionWork): Promise<AdoptionReport> {
  const { pool } = options
  const table = adoptedTable(declared)
  const { enforcedAt } = await preparedAdoption(pool, table)
  if (enforcedAt) return report(table, { counts: {}, failed: 0 })
  if (!(await isGuardedFor(pool, table, 'adoption'))) {
    return objected(table, ['the guard of the adoption is not whole: waxseal adopt prepare'])
  }
  const objections = await objectionsOf(pool, table, ['adopt-read', 'adopt-write'], options)
  return objections.length > 0 ? objected(table, objections) : carryOut(adoptJob(table, options), options)
}

/** Opens every row, and compares it with its source. */
export async function verifyAdoption(declared: ProtectedTable, options: AdoptionWork): Promise<AdoptionReport> {
  const table = adoptedTable(declared)
  const { enforcedAt } = await preparedAdoption(options.pool, table)
  return carryOut(verifyJob(table, { ...options, enforced: enforcedAt !== null }), options)
}

/** Puts every value back into its source. The guard of the adoption comes first. */
export async function rollbackAdoption(declared: ProtectedTable, options: AdoptionWork): Promise<AdoptionReport> {
  const table = adoptedTable(declared)
  const { pool, processes, ignored } = options
  const client = await pool.connect()
  try {
    const fence = { ...(processes !== undefined && { processes }), ...(ignored && { ignored }) }
    const { objections } = await reopen(client, table, fence)
    if (objections.length > 0) return objected(table, objections)
  } finally {
    client.release()
  }
  return carryOut(rollbackJob(table, { ...options, types: await sourceTypes(pool, table) }), options)
}

async function carryOut(
  job: Job<unknown>,
  { pool, signal, onEvent, batchRows }: AdoptionWork,
): Promise<AdoptionReport> {
  const { run, resumed } = await openRun(pool, job)
  onEvent({ type: 'started', run, resumed })
  const state = await work(job, run, { pool, signal, onEvent, ...(batchRows !== undefined && { batchRows }) })
  const { counts, failed } = await readReport(pool, run.id)
  return report(job.table, { run: run.id, state, counts, failed })
}

const report = ({ entity }: ProtectedTable, rest: Omit<AdoptionReport, 'entity' | 'objections'>): AdoptionReport => {
  return { entity, objections: [], ...rest }
}

const objected = ({ entity }: ProtectedTable, objections: readonly string[]): AdoptionReport => {
  return { entity, objections, counts: {}, failed: 0 }
}
