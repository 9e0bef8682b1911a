import { type AdoptSettings, adoptJob } from '../../src/adoption/adopt-job.js'
import { type Job, openRun, type RunReport, readReport, type Workplace, work } from '../../src/jobs/index.js'
import type { Accounts } from './accounts.js'

export interface Worked extends RunReport {
  readonly state: string
}

/** A whole run of a job, in small batches. */
export async function workOn(accounts: Accounts, job: Job<any>, options: Partial<Workplace> = {}): Promise<Worked> {
  const { run } = await openRun(accounts.pool, job)
  const state = await work(job, run, { pool: accounts.pool, batchRows: 4, rangeRows: 9, ...options })
  return { state, ...(await readReport(accounts.pool, run.id)) }
}

export function adopt(
  accounts: Accounts,
  settings: Partial<AdoptSettings> = {},
  options?: Partial<Workplace>,
): Promise<Worked> {
  return workOn(accounts, adoptJob(accounts.adopted, { cipher: accounts.cipher, concurrency: 4, ...settings }), options)
}
