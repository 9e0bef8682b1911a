import type { Clock } from '../kms/clock.js'
import type { Pace } from './pace.js'

/** How fast a job of an adoption goes, in each process. */
export interface RunSettings {
  /** Rows that wait for the KMS at a time. */
  readonly concurrency: number
  /** How many rows a second. */
  readonly pace: Pace
  readonly clock?: Clock
}
