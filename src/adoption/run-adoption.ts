import { type Job, type RunState, runJob } from '../jobs/index.js'
import type { ProtectedTable } from '../postgres/protected-table.js'
import { adoptJob } from './adopt-job.js'
import { adoptedTable } from './adopted-table.js'
import { preparedAdoption } from './enforce.js'
import { type AdoptionFenceOptions, objectionsOf } from './fence.js'
import { isGuardedFor } from './guard-stage.js'
import { reopen, sourceTypes } from './reopen.js'
import { rollbackJob } from './rollback-job.js'
import { verifyJob } from './verify-job.js'
import {
  assertRunOptions,
  assertVerifyOptions,
  type RunAdoptionOptions,
  settingsOf,
  type VerifyAdoptionOptions,
} from './work-options.js'

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
export async function runAdoption(declared: ProtectedTable, options: RunAdoptionOptions): Promise<AdoptionReport> {
  assertRunOptions('runAdoption', options)
  const { pool, cipher } = options
  const table = adoptedTable(declared)
  const { enforcedAt } = await preparedAdoption(pool, table)
  if (enforcedAt) return report(table, { counts: {}, failed: 0 })
  if (!(await isGuardedFor(pool, table, 'adoption'))) {
    return objected(table, ['the guard of the adoption is not whole: waxseal adopt prepare'])
  }
  const objections = await objectionsOf(pool, table, ['adopt-read', 'adopt-write'], fenceOf(options))
  if (objections.length > 0) return objected(table, objections)
  return carryOut(adoptJob(table, { cipher, ...settingsOf(options) }), options)
}

/** Opens every row, and compares it with its source. */
export async function verifyAdoption(
  declared: ProtectedTable,
  options: VerifyAdoptionOptions,
): Promise<AdoptionReport> {
  assertVerifyOptions('verifyAdoption', options)
  const table = adoptedTable(declared)
  const { enforcedAt } = await preparedAdoption(options.pool, table)
  return carryOut(
    verifyJob(table, { cipher: options.cipher, ...settingsOf(options), enforced: enforcedAt !== null }),
    options,
  )
}

/** Puts every value back into its source. The guard of the adoption comes first. */
export async function rollbackAdoption(declared: ProtectedTable, options: RunAdoptionOptions): Promise<AdoptionReport> {
  assertRunOptions('rollbackAdoption', options)
  const table = adoptedTable(declared)
  const { pool, cipher } = options
  const client = await pool.connect()
  try {
    const { objections } = await reopen(client, table, fenceOf(options))
    if (objections.length > 0) return objected(table, objections)
  } finally {
    client.release()
  }
  return carryOut(
    rollbackJob(table, { cipher, ...settingsOf(options), types: await sourceTypes(pool, table) }),
    options,
  )
}

function fenceOf({ processes, ignored }: RunAdoptionOptions): AdoptionFenceOptions {
  return { ...(processes !== undefined && { processes }), ...(ignored && { ignored }) }
}

async function carryOut(
  job: Job<unknown>,
  { pool, signal, onEvent, batchRows }: VerifyAdoptionOptions,
): Promise<AdoptionReport> {
  const { run, state, counts, failed } = await runJob(job, {
    pool,
    ...(signal && { signal }),
    ...(onEvent && { onEvent }),
    ...(batchRows !== undefined && { batchRows }),
  })
  return report(job.table, { run: run.id, state, counts, failed })
}

const report = ({ entity }: ProtectedTable, rest: Omit<AdoptionReport, 'entity' | 'objections'>): AdoptionReport => {
  return { entity, objections: [], ...rest }
}

const objected = ({ entity }: ProtectedTable, objections: readonly string[]): AdoptionReport => {
  return { entity, objections, counts: {}, failed: 0 }
}
