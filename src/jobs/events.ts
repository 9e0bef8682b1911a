import type { Outcome } from './job.js'
import type { Run, RunState } from './run.js'

/** What a run tells while it goes on. Holds no value of a row but primary keys. */
export type RunEvent =
  | { readonly type: 'started'; readonly run: Run; readonly resumed: boolean }
  /** Sets of KEK refs, and how many rows the planner thinks that they have. */
  | { readonly type: 'pass'; readonly pass: number; readonly sets: number; readonly estimatedRows: number }
  /** The rows of a process that is gone go on here. */
  | { readonly type: 'takenOver' }
  | { readonly type: 'batch'; readonly rows: number; readonly outcome: Outcome }
  /** Others have the last rows. */
  | { readonly type: 'waiting' }
  | { readonly type: 'ended'; readonly state: RunEnd }

/** `running`: this process was told to end, and the run goes on when somebody works on it again. */
export type RunEnd = RunState
