import type { Found } from './find.js'
import type { RecordOutcome } from './query.js'

/** Members of a record behind its time and kind, as tables and files show them. */
export const recordMembers = [
  ...([
    'operation',
    'outcome',
    'reason',
    'actor',
    'from',
    'tenant',
    'provider',
    'scope',
    'kekId',
    'kekVersion',
  ] as const),
  ...(['entity', 'row', 'requestIds', 'purpose', 'ticket', 'category'] as const),
  ...(['state', 'rule', 'confidence', 'attempt', 'call'] as const),
] satisfies (keyof ReviewRecord)[]

/** One line of a review: what was done, by whom, with which key, and what the reconciliation says of it. */
export interface ReviewRecord extends Found {
  readonly operation: string
  readonly outcome: RecordOutcome
  /** Why, where it did not succeed. */
  readonly reason: string | null
  readonly actor: string | null
  /** An address, or what the provider wrote instead of one. */
  readonly from: string | null
  readonly tenant: string | null
  readonly provider: string | null
  readonly scope: string | null
  readonly kekId: string | null
  readonly kekVersion: string | null
  readonly entity: string | null
  readonly row: string | null
  readonly requestIds: readonly string[]
  readonly purpose: string | null
  readonly ticket: string | null
  /** Of application events. */
  readonly category: string | null
  /** What the reconciliation concluded; null before it has, and of application events. */
  readonly state: string | null
  readonly rule: string | null
  readonly confidence: string | null
  /** Of an event: the attempt of ours that accounts for it. */
  readonly attempt: string | null
  /** Of an attempt: what its call has in common with others. */
  readonly call: string | null
}
