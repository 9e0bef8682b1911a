import type { LedgerOperation } from '../../kms/call-ledger.js'
import type { KekRef } from '../../kms/provider.js'
import type { AuditEvent, Normalized, TrailRecord } from './audit-event.js'
import type { TrailReader } from './trail-reader.js'

/** How long to wait for an event, by how a trail is delivered. */
export interface TrailDelays {
  /** After which an attempt without an event is suspected to be missing. */
  readonly suspectAfterMs: number
  /** After which it is missing. */
  readonly missingAfterMs: number
  /** What may be said of it then, such as "not seen; the provider's logs may lose entries". */
  readonly absence: string
}

/** An event that nobody of ours asked for and that says nothing, such as the challenge before a login. */
export interface ExpectedEvent {
  /** Shown as the reason, with a version: `azure-authentication-401/1`. */
  readonly id: string
  matches(event: AuditEvent): boolean
}

/** Where events are of, in the words of OCSF (`cloud`). */
export interface CloudPlace {
  readonly provider: string
  readonly account?: { readonly uid: string }
  readonly project_uid?: string
  readonly region?: string
}

/** What records of a trail are called in the systems that take an export. */
export interface TrailNames {
  /** Of the log, such as `CloudTrail`. */
  readonly logName: string
  /** What a scope says of the place; undefined where the provider is no cloud. */
  cloudOf(scope: string): CloudPlace | undefined
}

/** What the audit trail of a provider can show, and how its events are understood. Pure but for the readers. */
export interface ProviderTrail extends TrailNames {
  /** Never throws, whatever the record holds. */
  normalize(record: TrailRecord): Normalized
  /** Where the uses of a KEK are logged, as in `AuditEvent.scope`; `undefined` where the id does not say. */
  scopeOf(kek: Pick<KekRef, 'id'>): string | undefined
  /** The KEK's id as in `AuditEvent.kekId`. */
  kekIdOf(kek: Pick<KekRef, 'id'>): string
  /** What an operation may send, by the names of the trail. Empty: it sends nothing. */
  readonly requests: Readonly<Record<LedgerOperation, readonly string[]>>
  /**
   * By what an event is found again: the request id of the reply, the token of the attempt, or by neither, which leaves
   * counting.
   */
  readonly identifies: readonly ('request-id' | 'token')[]
  /** The provider's own ledger is all there is: nothing outside of it could contradict. */
  readonly isLedgerOnly: boolean
  /** `AuditEvent.context` is the encryption context as it was sent, so that a checkpoint in it has a witness. */
  readonly showsContext: boolean
  readonly delays: TrailDelays
  readonly expected: readonly ExpectedEvent[]
  /** What a reviewer has to know of this trail: what it leaves out, and what it cannot prove. */
  readonly limits: readonly string[]
  /** By the reader's name: makes one from its section of the configuration, unparsed. Loads the SDK that it needs. */
  readonly readers: Readonly<Record<string, (section: Readonly<Record<string, unknown>>) => Promise<TrailReader>>>
}
