import type { LedgerOperation } from '../../kms/call-ledger.js'
import type { EventOutcome, OperationClass } from '../trail/audit-event.js'
import type { ProviderTrail } from '../trail/provider-trail.js'
import type { Coverage } from './coverage.js'

/** What the rules need to know of a trail. */
export type TrailFacts = Pick<ProviderTrail, 'requests' | 'identifies' | 'isLedgerOnly' | 'delays'>

export const eventStateNames = [
  'pending',
  'accounted',
  'expected',
  'provider_initiated',
  'superseded',
  'conflict',
  'unaccounted',
] as const
export type EventState = (typeof eventStateNames)[number]

export type Confidence = 'exact' | 'token' | 'count' | 'unanswered'

export const attemptStateNames = [
  'open',
  'matched',
  'not_expected',
  'unconfirmed',
  'not_delivered',
  'missing_suspected',
  'missing',
  'resolved_late',
  'unverifiable',
] as const
export type AttemptState = (typeof attemptStateNames)[number]

export interface EventDecision {
  readonly state: EventState
  /** `R0` to `R5`. */
  readonly rule?: string
  readonly confidence?: Confidence
  /** The attempt that accounts for it, or that it contradicts. */
  readonly attempt?: string
  readonly reason?: string
}

export interface AttemptDecision {
  readonly state: AttemptState
  readonly rule?: string
}

/** A mirrored event, without what no rule looks at. Times are milliseconds since the epoch. */
export interface TrailEvent {
  readonly id: string
  readonly uid: string
  readonly scope: string
  readonly time: number
  /** By our own clock or that of the trail, not of whoever made the call. */
  readonly arrivedAt: number
  readonly mirroredAt: number
  readonly kind: 'call' | 'service' | 'lifecycle' | 'logging'
  readonly operation: string
  readonly operationClass: OperationClass
  readonly outcome: EventOutcome
  readonly requestId?: string
  readonly callToken?: string
  readonly principal?: string
  readonly credentialId?: string
  readonly kekId?: string
  readonly sourceKekId?: string
  readonly copyGroup?: string
  readonly supersedes?: string
  /** The envelope that its encryption context names. */
  readonly envelope?: string
  /** The id of what expects such an event. */
  readonly expectedBy?: string
  /** Belongs to another day, whose own pass decides. */
  readonly isNeighbour: boolean
  readonly previous?: EventDecision
}

export interface LedgerReply {
  /** As the trail names it. */
  readonly operation: string
  /** `ok`, or what the KMS refused with. */
  readonly status: string
  readonly requestId?: string
  readonly principal?: string
  /** The key that it used, where that may be another than the KEK of the attempt. */
  readonly key?: string
  readonly at: number
}

/** An attempt of the ledger and its end. */
export interface LedgerAttempt {
  readonly id: string
  readonly writer: string
  readonly operation: LedgerOperation
  /** By the clock of the database: the writer cannot choose it. */
  readonly insertedAt: number
  /** Likewise its end, with the replies. */
  readonly endInsertedAt?: number
  /** One of them came through a journal. */
  readonly isJournalled: boolean
  readonly startedAt: number
  readonly endedAt?: number
  readonly outcome?: 'succeeded' | 'failed'
  readonly errorCode?: string
  /** The KEKs that were named or used, as the trail names them; none is known of some attempts that failed. */
  readonly keks: readonly string[]
  readonly replies: readonly LedgerReply[]
  readonly isNeighbour: boolean
  readonly previous?: AttemptState
}

/** Everything that one pass looks at: a day of one scope, and what lies around it. */
export interface ReconciliationInput {
  readonly now: number
  readonly trail: TrailFacts
  readonly events: readonly TrailEvent[]
  readonly attempts: readonly LedgerAttempt[]
  readonly coverage: Coverage
  /** Up to where every writer that is alive has stored what it did. */
  readonly flushedTo: number
  /** Identities of the application that the configuration names. */
  readonly principals: ReadonlySet<string>
  /** KEKs of ours, as the trail names them. Others in the same scope are of no concern. */
  readonly keks: ReadonlySet<string>
  /** Attempts that account for a copy of an event in another scope, by the group of the copies. */
  readonly copiesElsewhere: ReadonlyMap<string, string>
}
