import { type AdoptSettings, adoptJob } from '../../src/adoption/adopt-job.js'
import { UNPACED } from '../../src/adoption/pace.js'
import { type RollbackSettings, rollbackJob } from '../../src/adoption/rollback-job.js'
import { type VerifySettings, verifyJob } from '../../src/adoption/verify-job.js'
import { type Job, openRun, type RunReport, readReport, type Workplace, work } from '../../src/jobs/index.js'
import type { Accounts } from './accounts.js'

export interface Worked extends Pick<RunReport, 'counts' | 'failed'> {
  readonly state: string
}

/** A whole run of a job, in small batches. */
export async function workOn(accounts: Accounts, job: Job<any>, options: Partial<Workplace> = {}): Promise<Worked> {
  const { run } = await openRun(accounts.pool, job)
  const state = await work(job, run, { pool: accounts.pool, batchRows: 4, rangeRows: 9, ...options })
  const { counts, failed } = await readReport(accounts.pool, run.id)
  return { state, counts, failed }
}

/** Verifies every row, as before `enforce` unless said otherwise. */
export function verify(accounts: Accounts, settings: Partial<VerifySettings> = {}): Promise<Worked> {
  return workOn(accounts, verifyJob(accounts.adopted, { ...running(accounts), enforced: false, ...settings }))
}

export function rollback(accounts: Accounts, settings: Partial<RollbackSettings> = {}): Promise<Worked> {
  const types = accounts.placement === 'side' ? { oauth: 'jsonb' } : {}
  return workOn(accounts, rollbackJob(accounts.adopted, { ...running(accounts), types, ...settings }))
}

const running = ({ cipher }: Accounts) => ({ cipher, concurrency: 4, pace: UNPACED })

export function adopt(
  accounts: Accounts,
  settings: Partial<AdoptSettings> = {},
  options?: Partial<Workplace>,
): Promise<Worked> {
  return workOn(accounts, adoptJob(accounts.adopted, { ...running(accounts), ...settings }), options)
}
