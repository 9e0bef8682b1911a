import type { EncryptionContext } from '../../kms/context.js'
import type { JsonObject } from '../../kms/untrusted-json.js'

/** What a KMS did, in words that all providers share. `other` is what no reader knows yet. */
export type OperationClass =
  | 'data-key'
  | 'encrypt'
  | 'decrypt'
  | 'rewrap'
  | 'sign'
  | 'verify'
  | 'mac'
  | 'random'
  | 'key-create'
  | 'key-enable'
  | 'key-disable'
  | 'key-rotate'
  | 'key-delete'
  | 'key-restore'
  | 'key-update'
  | 'policy'
  | 'read'
  | 'authentication'
  | 'logging'
  | 'other'

export type EventOutcome = 'success' | 'denied' | 'throttled' | 'error'

/**
 * One event of a provider's audit trail, as every provider's is stored. Holds nothing that is secret: trails show the
 * encryption context, and no plaintext, data key or token. Optional members are left out, never `undefined`.
 */
export interface AuditEvent {
  /** Unique in its scope, the same whichever reader brought it. */
  readonly uid: string
  /** `native`: the provider's own; `composite`: made of its members; `content`: of the whole event, so that twins are one. */
  readonly uidQuality: 'native' | 'composite' | 'content'
  /** What copies of one action in two accounts share. */
  readonly copyGroup?: string
  /** The event that this one corrects. */
  readonly supersedes?: string
  /**
   * Where it was logged: `<account>/<region>`, `projects/<id>`, the host of a vault, the name of a cluster. Empty where the
   * event does not say: then it is that of the reader.
   */
  readonly scope: string
  readonly time: Date
  /** As the provider wrote it: nanoseconds would be lost in a `Date`. */
  readonly timeText: string
  /** When it arrived at the place that it was read from, where that says so. */
  readonly receivedAt?: Date
  /** `call`: somebody asked for it; `service` and `lifecycle`: the provider by itself; `logging`: the trail was changed. */
  readonly kind: 'call' | 'service' | 'lifecycle' | 'logging'
  /** The provider's own name of it, unchanged but for a path in front. */
  readonly operation: string
  readonly operationClass: OperationClass
  readonly outcome: EventOutcome
  readonly status?: string
  readonly statusDetail?: string
  readonly requestId?: string
  /** The token of the ledger's attempt, where the event carries one. Claimed by the caller. */
  readonly callToken?: string
  readonly principalType?: string
  /** Who: an ARN, an e-mail address, an object id. */
  readonly principal?: string
  readonly principalName?: string
  /** Of the credential that signed the request, such as an AWS access key id. */
  readonly credentialId?: string
  /** Who asked on behalf of the principal. */
  readonly via?: string
  /** As written: `AWS Internal` and host names are no addresses. */
  readonly source?: string
  readonly userAgent?: string
  /** As in a KEK ref of the provider, so that both are compared as text. */
  readonly kekId?: string
  readonly kekVersion?: string
  /** Of an operation with two keys: the one that it read with. */
  readonly sourceKekId?: string
  /** What the caller typed, where that is another name of the key. */
  readonly requestedKey?: string
  readonly context?: EncryptionContext
  /**
   * What two sightings must agree on, where the raw text is another each time by design, such as the HMACs of each audit device
   * of a vault. Default: the raw text.
   */
  readonly content?: JsonObject
}

/** What a reader brings: one event as it was received. */
export interface TrailRecord {
  /** Exactly as received. */
  readonly raw: string
  /** Where it can be found again, such as an object and an offset. */
  readonly reference?: string
  readonly receivedAt?: Date
  /** What attests it, such as `digest` or `worm`. */
  readonly proof?: string
}

/** An event to store, one of no concern, or what could not be understood. */
export type Normalized =
  | { readonly event: AuditEvent }
  | { readonly ignored: string }
  | { readonly quarantined: string }
