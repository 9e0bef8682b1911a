import { ConfigurationError } from '../../errors.js'
import type { Clock } from '../../kms/clock.js'
import {
  assertOptions,
  CLOCK,
  hasMethods,
  isObject,
  isText,
  type OptionRules,
  wholeNumberFrom,
} from '../../kms/options.js'
import type { ConnectionOptions } from './events-pool.js'
import { FORMATS, type FormatName } from './format.js'
import type { EventStream } from './sink.js'

export interface AuditLoggerOptions {
  /** What `new pg.Client()` takes, for a role with the rights of `waxseal audit grants --role application`. */
  readonly connection: ConnectionOptions
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
  /** Default: that of the system. Tests pass one that they move by hand. */
  readonly clock?: Clock
}

const OPTIONS: OptionRules<AuditLoggerOptions> = {
  connection: [(value) => isText(value) || isObject(value), 'be what new pg.Client() takes'],
  capacity: wholeNumberFrom(1),
  oneCacheHitIn: wholeNumberFrom(1),
  stream: [(value) => hasMethods(value, ['write', 'on', 'once']), 'be a writable stream'],
  format: [(value) => Object.hasOwn(FORMATS, String(value)), `be one of ${Object.keys(FORMATS).join(', ')}`],
  timeoutMs: wholeNumberFrom(1),
  clock: CLOCK,
}

export function assertLoggerOptions(options: AuditLoggerOptions): void {
  assertOptions('AuditLogger', options, OPTIONS)
  if (options.connection === undefined) throw new ConfigurationError('AuditLogger: "connection" is required')
}
