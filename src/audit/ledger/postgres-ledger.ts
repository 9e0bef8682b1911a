import { ConfigurationError, KmsUnavailableError } from '../../errors.js'
import type { CallEnd, CallLedger, CallStart, LedgerOperation } from '../../kms/call-ledger.js'
import type { Clock } from '../../kms/clock.js'
import { currentActor } from '../actor/actor.js'
import type { LedgerProblem, WhenUnavailable } from './ledger-options.js'
import { attemptRow, endRow, type LedgerRow } from './ledger-row.js'
import type { LedgerStore } from './ledger-store.js'

export interface LedgerStatistics {
  /** Rows of attempts and of ends that Postgres took at once. */
  readonly stored: number
  /** Rows that went into a journal first. */
  readonly journalled: number
  /** Rows of journals that Postgres has by now, those that a dead process left included. */
  readonly replayed: number
  /** Lines of journals that cannot be read. */
  readonly damaged: number
  /** Lines of journals that Postgres does not take. */
  readonly refused: number
  /** Rows of calls that went on without a record. */
  readonly unrecorded: number
  /** Attempts of nobody: no actor was named. */
  readonly withoutActor: number
  readonly isAway: boolean
}

export interface LedgerBehaviour {
  readonly whenUnavailable: WhenUnavailable
  readonly actors: 'count' | 'require'
  readonly report: (problem: LedgerProblem) => void
  readonly clock: Clock
}

/** Every call to a KMS, in Postgres before it is sent. Made by `openLedger`. */
export class PostgresLedger implements CallLedger {
  readonly writer: string
  readonly #store: LedgerStore
  readonly #behaviour: LedgerBehaviour
  /** Attempts on their way, by their tokens. One without a record has no end to store either, and is not among them. */
  readonly #begun = new Map<string, LedgerOperation>()
  #closing: Promise<void> | undefined
  #withoutActor = 0
  #unrecorded = 0

  constructor(writer: string, store: LedgerStore, behaviour: LedgerBehaviour) {
    this.writer = writer
    this.#store = store
    this.#behaviour = behaviour
  }

  get statistics(): LedgerStatistics {
    const [withoutActor, unrecorded] = [this.#withoutActor, this.#unrecorded]
    return { ...this.#store.counts, withoutActor, unrecorded, isAway: this.#store.isAway }
  }

  async begin(call: CallStart): Promise<void> {
    const { operation, callToken } = call
    // Here and not later: this is still the caller's turn. A login that is kept is nobody's: its timer remembers whoever
    // happened to come first.
    const isOfNobody = operation === 'authenticate'
    const actor = isOfNobody ? undefined : currentActor()
    if (!actor && !isOfNobody) {
      this.#withoutActor++
      if (this.#behaviour.actors === 'require' && operation !== 'currentKek') throw nobodyAsks(operation)
    }
    const isRecorded = await this.#write(operation, attemptRow(call, this.writer, actor))
    if (isRecorded) this.#begun.set(callToken, operation)
  }

  async complete(callToken: string, end: CallEnd): Promise<void> {
    const operation = this.#begun.get(callToken)
    if (!operation) return
    this.#begun.delete(callToken)
    await this.#write(operation, endRow(callToken, end, this.#behaviour.clock.now()))
  }

  /** Stores what is on its way, and says that nothing is to come. The last to be closed, after the cipher. */
  close(): Promise<void> {
    this.#closing ??= this.#store.close()
    return this.#closing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** Whether the row is stored; where it cannot be and the operation must not go on, rejects. */
  async #write(operation: LedgerOperation, row: LedgerRow): Promise<boolean> {
    try {
      await this.#store.add(row)
      return true
    } catch {
      if (this.#behaviour.whenUnavailable[operation] === 'refuse') throw unavailable(operation)
      if (this.#unrecorded++ === 0)
        this.#behaviour.report({ kind: 'unrecorded', message: 'ledger: calls go on without a record' })
      return false
    }
  }
}

function nobodyAsks(operation: LedgerOperation): ConfigurationError {
  return new ConfigurationError(
    `ledger: ${operation} is refused, since nobody said who asks; run it inside withActor(), or set "actors" to "count"`,
  )
}

function unavailable(operation: LedgerOperation): KmsUnavailableError {
  return new KmsUnavailableError(
    `ledger: ${operation} is refused, since neither Postgres nor a journal took its record; bring Postgres back, or give the ledger a "journal"`,
    { reason: 'network' },
  )
}
