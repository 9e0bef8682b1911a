import { ConfigurationError } from '../../errors.js'
import type { Clock } from '../../kms/clock.js'
import {
  assertOptions,
  CLOCK,
  hasMethods,
  isFunction,
  isObject,
  isText,
  type OptionRules,
  TEXT,
  wholeNumberFrom,
} from '../../kms/options.js'
import type { ConnectionOptions } from '../ledger/ledger-database.js'
import type { LedgerProblem } from '../ledger/ledger-options.js'
import { FORMATS, type FormatName } from './format.js'
import type { EventStream } from './sink.js'

export interface AuditLoggerOptions {
  /** What `new pg.Client()` takes, for a role with the rights of `waxseal audit grants --role application`. */
  readonly connection: ConnectionOptions
  /**
   * A folder for events that Postgres does not take: on a disk that outlives the process, and the same as the ledger's if you
   * like. Default: none, and then they wait in memory.
   */
  readonly journal?: string
  /** Tells operators which process wrote it, such as `api`. */
  readonly label?: string
  /** How many events may wait in memory until they are stored. Default 10,000. */
  readonly capacity?: number
  /** Of so many uses of a data key from the cache one is written down. Default 1: each. */
  readonly oneCacheHitIn?: number
  /** Gets every event as a line, after it was stored. */
  readonly stream?: EventStream
  /** How the stream is written. Default `json`. */
  readonly format?: FormatName
  /** How long `log` waits until its event is stored. Milliseconds, default 5,000. */
  readonly timeoutMs?: number
  /** Told of what an operator has to look at. Default: `process.emitWarning`. */
  readonly onProblem?: (problem: LedgerProblem) => void
  /** Default: that of the system. Tests pass one that they move by hand. */
  readonly clock?: Clock
}

const OPTIONS: OptionRules<AuditLoggerOptions> = {
  connection: [(value) => isText(value) || isObject(value), 'be what new pg.Client() takes'],
  journal: TEXT,
  label: TEXT,
  capacity: wholeNumberFrom(1),
  oneCacheHitIn: wholeNumberFrom(1),
  stream: [(value) => hasMethods(value, ['write', 'on', 'once']), 'be a writable stream'],
  format: [(value) => Object.hasOwn(FORMATS, String(value)), `be one of ${Object.keys(FORMATS).join(', ')}`],
  timeoutMs: wholeNumberFrom(1),
  onProblem: [isFunction, 'be a function'],
  clock: CLOCK,
}

export function assertLoggerOptions(options: AuditLoggerOptions): void {
  assertOptions('openAuditLogger', options, OPTIONS)
  if (options.connection === undefined) throw new ConfigurationError('openAuditLogger: "connection" is required')
}
