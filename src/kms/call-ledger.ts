import type { EncryptionContext } from './context.js'
import type { KekRef, KmsReply } from './provider.js'

export type KmsOperation = 'currentKek' | 'generateDataKey' | 'wrap' | 'unwrap' | 'rewrap'

/**
 * What no method of a provider sends: `examine`, the questions of `waxseal doctor --provider`, `audit access` and `audit
 * verifier-key`; `authenticate`, what is sent in the background to stay logged in.
 */
export type UpkeepOperation = 'examine' | 'authenticate'

/** What a KMS is asked for: by a provider, or to sign a checkpoint of the audit's log. */
export type LedgerOperation = KmsOperation | UpkeepOperation | 'sign'

/** One attempt at a KMS, as it is known before it is sent. */
export interface CallStart {
  /** Of this attempt alone. The requests carry it. */
  readonly callToken: string
  /** What all attempts of one call share. */
  readonly call: string
  readonly provider: string
  readonly operation: LedgerOperation
  /** The KEK that the caller named, or the key that signs. Absent where the provider chooses it. */
  readonly kek?: KekRef
  readonly context: EncryptionContext
  readonly startedAt: Date
}

export interface TimedReply extends KmsReply {
  readonly at: Date
}

/** What became of it. */
export interface CallEnd {
  readonly outcome: 'succeeded' | 'failed'
  /** The KEK that the KMS used. */
  readonly kek?: KekRef
  /** One for each request that the KMS answered, for the reconciliation with its audit trail. */
  readonly replies: readonly TimedReply[]
  readonly errorCode?: string
  readonly latencyMs: number
}

/**
 * Where every call to a KMS is written down. `begin` is awaited before the call is sent and a rejection stops the call,
 * so that nothing happens at a KMS which the ledger does not know.
 */
export interface CallLedger {
  begin(call: CallStart): Promise<void>
  complete(callToken: string, end: CallEnd): Promise<void>
}

export interface LedgerEntry extends CallStart {
  readonly end?: CallEnd
}

/** A ledger for tests and small programs. Keeps everything it is told until `clear()`. */
export class InMemoryCallLedger implements CallLedger {
  readonly #entries = new Map<string, LedgerEntry>()

  get entries(): readonly LedgerEntry[] {
    return [...this.#entries.values()]
  }

  /** How many attempts of each operation were made. */
  counts(): Partial<Record<LedgerOperation, number>> {
    const counts: Partial<Record<LedgerOperation, number>> = {}
    for (const { operation } of this.#entries.values()) counts[operation] = (counts[operation] ?? 0) + 1
    return counts
  }

  clear(): void {
    this.#entries.clear()
  }

  async begin(call: CallStart): Promise<void> {
    this.#entries.set(call.callToken, call)
  }

  async complete(callToken: string, end: CallEnd): Promise<void> {
    const call = this.#entries.get(callToken)
    if (call) this.#entries.set(callToken, { ...call, end })
  }
}
