export type { Outcome, RowFailure, Run, RunEnd, RunEvent, RunState } from '../jobs/index.js'
export { type PlannedOperations, type PlannedSet, planRotation, type RotationPlan } from './plan.js'
export { type RotateOptions, type RotationReport, rotate } from './rotate.js'
