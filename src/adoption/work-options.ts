import type { EnvelopeCipher } from '../envelope/envelope-cipher.js'
import type { RunEvent } from '../jobs/index.js'
import { systemClock } from '../kms/clock.js'
import { assertOptions, hasMethods, isFunction, isObject, type OptionRules, wholeNumberFrom } from '../kms/options.js'
import type { Pool } from '../postgres/queryable.js'
import { type AdoptionFenceOptions, FENCE_OPTIONS } from './fence.js'
import { paceOf, UNPACED } from './pace.js'
import type { RunSettings } from './run-settings.js'

export interface VerifyAdoptionOptions {
  /** Best one of its own, with `cache: false`: each row has a data key of its own, which is needed once. */
  readonly cipher: Pick<EnvelopeCipher, 'mint' | 'open' | 'forget'>
  /** A pool of `pg`. Three connections at most are used at a time. */
  readonly pool: Pool
  /** How many rows a second, in this process. Default: as fast as it goes. */
  readonly rowsPerSecond?: number
  /** Rows that wait for the KMS at a time. Default 64. */
  readonly concurrency?: number
  /** Rows of one transaction. Default 1,000. */
  readonly batchRows?: number
  /** Ends the work after the batches at hand; the run goes on when it is called again. */
  readonly signal?: AbortSignal
  /** Gets what the run tells while it goes on. */
  readonly onEvent?: (event: RunEvent) => void
}

const VERIFY_OPTIONS: OptionRules<VerifyAdoptionOptions> = {
  cipher: [(value) => hasMethods(value, ['mint', 'open', 'forget']), 'be an EnvelopeCipher'],
  pool: [isObject, 'be a pool of pg'],
  rowsPerSecond: wholeNumberFrom(1),
  concurrency: wholeNumberFrom(1),
  batchRows: wholeNumberFrom(1),
  signal: [(value) => value instanceof AbortSignal, 'be an AbortSignal'],
  onEvent: [isFunction, 'be a function'],
}

/** Of a run that changes rows: it needs every process at work to be in the fleet. */
export type RunAdoptionOptions = VerifyAdoptionOptions & AdoptionFenceOptions

export function assertVerifyOptions(where: string, options: VerifyAdoptionOptions): void {
  assertOptions(where, options, VERIFY_OPTIONS)
}

export function assertRunOptions(where: string, options: RunAdoptionOptions): void {
  assertOptions(where, options, { ...VERIFY_OPTIONS, ...FENCE_OPTIONS })
}

export function settingsOf({ concurrency = 64, rowsPerSecond }: VerifyAdoptionOptions): RunSettings {
  return { concurrency, pace: rowsPerSecond === undefined ? UNPACED : paceOf(rowsPerSecond, systemClock) }
}
