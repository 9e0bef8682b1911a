import { randomUUID } from 'node:crypto'
import { isWaxsealError } from '../errors.js'
import type { CallEnd, CallLedger, CallStart, KmsOperation } from './call-ledger.js'
import { type Clock, systemClock } from './clock.js'
import type { EncryptionContext } from './context.js'
import type { DataKey } from './data-key.js'
import type { CallOptions, GeneratedDataKey, KekRef, KmsProvider, KmsReply, WrappedDataKey } from './provider.js'

/**
 * Writes every call down before it is sent, and its end afterwards. Stands inside `RetryingProvider`, so that one entry
 * is one attempt. If the ledger cannot be written, the call is not made.
 */
export class RecordingProvider implements KmsProvider {
  readonly #inner: KmsProvider
  readonly #ledger: CallLedger
  readonly #clock: Clock

  constructor(inner: KmsProvider, ledger: CallLedger, clock: Clock = systemClock) {
    this.#inner = inner
    this.#ledger = ledger
    this.#clock = clock
  }

  get name(): string {
    return this.#inner.name
  }

  currentKek(context: EncryptionContext, options?: CallOptions): Promise<KekRef> {
    const call = (recorded: CallOptions) => this.#inner.currentKek(context, recorded)
    return this.#record('currentKek', { context }, options, call, (kek) => kek)
  }

  generateDataKey(context: EncryptionContext, options?: CallOptions): Promise<GeneratedDataKey> {
    const call = (recorded: CallOptions) => this.#inner.generateDataKey(context, recorded)
    return this.#record('generateDataKey', { context }, options, call, ({ wrapped }) => wrapped.kek)
  }

  wrap(dataKey: DataKey, context: EncryptionContext, options?: CallOptions): Promise<WrappedDataKey> {
    const call = (recorded: CallOptions) => this.#inner.wrap(dataKey, context, recorded)
    return this.#record('wrap', { context }, options, call, ({ kek }) => kek)
  }

  unwrap(wrapped: WrappedDataKey, context: EncryptionContext, options?: CallOptions): Promise<DataKey> {
    const call = (recorded: CallOptions) => this.#inner.unwrap(wrapped, context, recorded)
    return this.#record('unwrap', { context, kek: wrapped.kek }, options, call, () => wrapped.kek)
  }

  rewrap(wrapped: WrappedDataKey, context: EncryptionContext, options?: CallOptions): Promise<WrappedDataKey> {
    const call = (recorded: CallOptions) => this.#inner.rewrap(wrapped, context, recorded)
    return this.#record('rewrap', { context, kek: wrapped.kek }, options, call, ({ kek }) => kek)
  }

  async #record<T>(
    operation: KmsOperation,
    known: Pick<CallStart, 'context' | 'kek'>,
    options: CallOptions = {},
    call: (options: CallOptions) => Promise<T>,
    kekOf: (result: T) => KekRef,
  ): Promise<T> {
    options.signal?.throwIfAborted()
    // A token of its own for each attempt, whatever the caller passed: a retry must not overwrite the first entry.
    const callToken = randomUUID()
    const started = this.#clock.now()
    await this.#ledger.begin({ ...known, callToken, provider: this.name, operation, startedAt: new Date(started) })
    let reply: KmsReply | undefined
    const onReply = (received: KmsReply) => {
      reply = received
      options.onReply?.(received)
    }
    const complete = (end: Pick<CallEnd, 'outcome' | 'kek' | 'errorCode'>) =>
      this.#ledger.complete(callToken, { ...reply, ...end, latencyMs: this.#clock.now() - started })
    let result: T
    try {
      result = await call({ ...options, callToken, onReply })
    } catch (error) {
      const errorCode = isWaxsealError(error) ? error.code : 'unknown'
      // What the KMS said is what the caller has to act on; an entry without an end shows that the ledger failed.
      await complete({ outcome: 'failed', errorCode }).catch(() => undefined)
      throw error
    }
    await complete({ outcome: 'succeeded', kek: kekOf(result) })
    return result
  }
}
