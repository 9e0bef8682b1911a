import { isWaxsealError } from '../errors.js'
import type { CallEnd, CallLedger, TimedReply } from './call-ledger.js'
import { type Clock, systemClock } from './clock.js'
import { type ForwardedCall, ForwardingProvider } from './forwarding-provider.js'
import type { KmsProvider, KmsReply } from './provider.js'
import { uuidV7 } from './uuid-v7.js'

/**
 * Writes every call down before it is sent, and its end afterwards. Stands inside `RetryingProvider`, so that one entry
 * is one attempt. If the ledger cannot be written, the call is not made.
 */
export class RecordingProvider extends ForwardingProvider {
  readonly #ledger: CallLedger
  readonly #clock: Clock

  constructor(inner: KmsProvider, ledger: CallLedger, clock: Clock = systemClock) {
    super(inner)
    this.#ledger = ledger
    this.#clock = clock
  }

  protected override async around<T>({ operation, context, kek, options, send, kekOf }: ForwardedCall<T>): Promise<T> {
    options.signal?.throwIfAborted()
    // A token of its own for each attempt, whatever the caller passed: a retry must not overwrite the first entry.
    const started = this.#clock.now()
    const callToken = uuidV7(started)
    const call = options.callToken ?? callToken
    const known = { callToken, call, provider: this.name, operation, context, ...(kek && { kek }) }
    await this.#ledger.begin({ ...known, startedAt: new Date(started) })
    const replies: TimedReply[] = []
    const onReply = (reply: KmsReply) => {
      replies.push({ ...reply, at: new Date(this.#clock.now()) })
      options.onReply?.(reply)
    }
    const complete = (end: Pick<CallEnd, 'outcome' | 'kek' | 'errorCode'>) =>
      this.#ledger.complete(callToken, { ...end, replies: [...replies], latencyMs: this.#clock.now() - started })
    let result: T
    try {
      result = await send({ ...options, callToken, onReply })
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
