import type { AccessLog, DataKeyAccess } from '../../envelope/access-log.js'
import type { CredentialEvent, CredentialLog } from '../../envelope/credential-log.js'
import { type Clock, systemClock } from '../../kms/clock.js'
import { settleBy } from '../../kms/deadline.js'
import { recordIn } from '../../kms/event-log.js'
import { uuidV7 } from '../../kms/uuid-v7.js'
import type { LedgerRow } from '../ledger/ledger-row.js'
import { accessEvent, sampled } from './access-events.js'
import type { ApplicationEvent, Described, Happening } from './application-event.js'
import type { AuditLoggerOptions } from './audit-logger-options.js'
import { BackgroundCommit } from './background-commit.js'
import type { LoggedCategory } from './detail.js'
import { EventRecorder } from './event-recorder.js'
import { eventRow } from './event-row.js'
import { FORMATS } from './format.js'
import { describedAs, type LoggedEvent } from './logged-event.js'
import { StreamSink } from './sink.js'

/** Puts rows where they survive this process. */
export interface EventStore {
  add(row: LedgerRow): Promise<void>
  close(): Promise<void>
}

export interface AuditLoggerHealth {
  /** Whether the last batch was stored. */
  readonly ok: boolean
  /** How many events are in memory and nowhere else. */
  readonly pending: number
  /** Why the last batch was not stored. */
  readonly failure?: string
}

/**
 * Writes application events into `waxseal.application_event`: those that the library tells (`accessLog` for a cipher,
 * `credentialLog` for `withEncryption`), and those that the application tells by `log`.
 *
 * Events of the library are kept in memory for some milliseconds and stored in batches. When as many wait as `capacity`
 * allows, nothing more is given out until there is room: an operation waits for it, and fails at its deadline.
 */
export class AuditLogger {
  readonly accessLog: AccessLog
  readonly credentialLog: CredentialLog
  readonly #commit: BackgroundCommit<Happening>
  readonly #own: EventRecorder<Described>
  readonly #writer: string
  readonly #store: EventStore
  readonly #stream: StreamSink | undefined
  readonly #clock: Clock
  readonly #timeoutMs: number
  #closing: Promise<void> | undefined
  /** What is being stored, and is not yet: it keeps its ids when it is tried again. */
  #batch: readonly ApplicationEvent[] = []

  /** @internal Made by `openAuditLogger`. */
  constructor(writer: string, store: EventStore, options: AuditLoggerOptions) {
    const { capacity = 10_000, oneCacheHitIn = 1, stream, format = 'json' } = options
    this.#clock = options.clock ?? systemClock
    this.#timeoutMs = options.timeoutMs ?? 5_000
    this.#writer = writer
    this.#store = store
    this.#stream = stream && new StreamSink(stream, FORMATS[format])
    this.#commit = new BackgroundCommit({
      capacity,
      store: (happenings, again) => this.#storeAll(happenings, again),
      clock: this.#clock,
    })
    const accesses = new EventRecorder<DataKeyAccess>(this.#commit, this.#clock, (access) =>
      accessEvent(access, oneCacheHitIn),
    )
    this.accessLog = oneCacheHitIn === 1 ? accesses : sampled(accesses, oneCacheHitIn)
    this.credentialLog = new EventRecorder<CredentialEvent>(this.#commit, this.#clock, ({ end, ...event }) => {
      return { category: 'credential', ...event, ...end, detail: {} }
    })
    this.#own = new EventRecorder<Described>(this.#commit, this.#clock, (described) => described)
  }

  /**
   * Writes down what the application did, in the name of `withActor`. Resolves when it is stored; rejects with a retryable
   * error when it could not be by `timeoutMs`, and with `ConfigurationError` for what may not be logged.
   */
  async log<C extends LoggedCategory>(category: C, event: LoggedEvent<C>): Promise<void> {
    const described = describedAs(category, event)
    const wait = { deadline: this.#clock.now() + this.#timeoutMs }
    await recordIn(this.#own, described, wait, this.#clock)
    await settleBy('audit event', wait, this.#clock, () => this.#commit.stored())
  }

  /** Resolves when everything is stored that was told so far. */
  flush(): Promise<void> {
    return this.#commit.stored()
  }

  get health(): AuditLoggerHealth {
    const { pending, failure } = this.#commit
    if (failure === undefined) return { ok: true, pending }
    return { ok: false, pending, failure: failure instanceof Error ? failure.message : String(failure) }
  }

  /**
   * Stores what is there, and takes nothing any more: close ciphers and DataSources first. Rejects with a retryable error when
   * it could not be stored by `timeoutMs`; what is left is then given up. Calling it again waits for the same end.
   */
  close({ timeoutMs = 10_000 }: { readonly timeoutMs?: number } = {}): Promise<void> {
    this.#closing ??= this.#end(this.#clock.now() + timeoutMs)
    return this.#closing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #end(deadline: number): Promise<void> {
    this.#commit.close()
    try {
      await settleBy('close of the audit logger', { deadline }, this.#clock, () => this.#commit.stored())
    } finally {
      this.#commit.abandon()
      await this.#store.close()
    }
  }

  async #storeAll(happenings: readonly Happening[], again: boolean): Promise<void> {
    if (!again) this.#batch = happenings.map(eventOf)
    const rows = this.#batch.map((event) => this.#store.add(eventRow(event, this.#writer)))
    // Of each it is known before it is tried again: what is stored must not be stored twice.
    const results = await Promise.allSettled(rows)
    const stored = this.#batch.filter((_, index) => results[index]!.status === 'fulfilled')
    this.#batch = this.#batch.filter((_, index) => results[index]!.status === 'rejected')
    await this.#stream?.write(stored)
    const failure = results.find((result) => result.status === 'rejected')
    if (failure) throw failure.reason
  }
}

function eventOf({ at, actor, describe }: Happening): ApplicationEvent {
  return { id: uuidV7(at), occurredAt: new Date(at), ...(actor && { actor }), ...describe() }
}
