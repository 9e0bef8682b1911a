export { describeFailure, type FailedRow, type RunReport, readFailures, readReport } from './account.js'
export type { RunEnd, RunEvent } from './events.js'
export type { Batch, Job, Outcome, RowFailure } from './job.js'
export {
  changeRun,
  listRuns,
  type OpenedRun,
  openRun,
  type Run,
  type RunChange,
  type RunState,
  readRun,
} from './run.js'
export { type EndedRun, joinRun, runJob } from './run-job.js'
export { type RateOf, SharedBudget } from './shared-budget.js'
export { type Workplace, work } from './work.js'
