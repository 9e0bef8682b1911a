import { type RunReport, readReport } from './account.js'
import type { RunEnd } from './events.js'
import type { Job } from './job.js'
import { type OpenedRun, openRun, type Run } from './run.js'
import { type Workplace, work } from './work.js'

/** What came of a run, over all processes and resumptions. */
export interface EndedRun extends RunReport {
  readonly run: Run
  readonly state: RunEnd
}

/** Opens the run of a job, or joins the one that is open, and works on it until it ends. */
export async function runJob<P>(job: Job<P>, workplace: Workplace): Promise<EndedRun> {
  return joinRun(job, await openRun(workplace.pool, job), workplace)
}

/** Works on a run that was opened, until it ends. */
export async function joinRun<P>(job: Job<P>, { run, resumed }: OpenedRun, workplace: Workplace): Promise<EndedRun> {
  workplace.onEvent?.({ type: 'started', run, resumed })
  const state = await work(job, run, workplace)
  return { run, state, ...(await readReport(workplace.pool, run.id)) }
}
