import type { LedgerOperation } from '../../kms/call-ledger.js'
import type { Clock } from '../../kms/clock.js'
import { CLOCK, isFunction, isObject, isText, type OptionRules, TEXT, wholeNumberFrom } from '../../kms/options.js'
import type { ConnectionOptions } from './ledger-database.js'

export type WhenUnavailable = Readonly<Record<LedgerOperation, 'refuse' | 'proceed'>>

export interface LedgerOptions {
  /** What `new pg.Client()` takes, of the database that has the tables of the audit. */
  readonly connection: ConnectionOptions
  /** Statements on their way at a time. Default 2. One more connection is for signs of life. */
  readonly connections?: number
  /**
   * A folder for rows that Postgres does not take: on a disk that outlives the process. Default: none, and then
   * `whenUnavailable` decides as soon as Postgres is away.
   */
  readonly journal?: string
  /**
   * What becomes of a call that can be written down nowhere. Default: `refuse` for `unwrap` and `rewrap`, which give out what
   * is protected, and for `sign`, which vouches for the log; `proceed` for the others.
   */
  readonly whenUnavailable?: Partial<WhenUnavailable>
  /** `require`: a call is refused where nobody said who asks, look-ups of keys excepted. Default `count`. */
  readonly actors?: 'count' | 'require'
  /** Tells operators which process wrote it, such as `api`. */
  readonly label?: string
  /** Told of what an operator has to look at. Default: `process.emitWarning`. */
  readonly onProblem?: (problem: LedgerProblem) => void
  /** Default: that of the system. Tests pass one that they move by hand. */
  readonly clock?: Clock
}

export interface LedgerProblem {
  /**
   * `away`: Postgres took nothing; `unrecorded`: calls went on without a record; `damaged`: lines of a journal were changed;
   * `refused`: Postgres does not take lines of a journal.
   */
  readonly kind: 'away' | 'unrecorded' | 'damaged' | 'refused'
  readonly message: string
}

export const FAIL_CLOSED: WhenUnavailable = {
  currentKek: 'proceed',
  generateDataKey: 'proceed',
  wrap: 'proceed',
  unwrap: 'refuse',
  rewrap: 'refuse',
  sign: 'refuse',
  examine: 'proceed',
  authenticate: 'proceed',
}

const isChoice = (value: unknown) => value === 'refuse' || value === 'proceed'
const isPerOperation = (value: unknown) =>
  isObject(value) &&
  Object.entries(value as object).every(([name, choice]) => Object.hasOwn(FAIL_CLOSED, name) && isChoice(choice))

export const OPTIONS: OptionRules<LedgerOptions> = {
  connection: [(value) => isText(value) || isObject(value), 'be a Postgres URL or what pg.Client takes'],
  connections: wholeNumberFrom(1),
  journal: TEXT,
  whenUnavailable: [
    isPerOperation,
    `be an object of ${Object.keys(FAIL_CLOSED).join(', ')} with "refuse" or "proceed"`,
  ],
  actors: [(value) => value === 'count' || value === 'require', 'be "count" or "require"'],
  label: TEXT,
  onProblem: [isFunction, 'be a function'],
  clock: CLOCK,
}
