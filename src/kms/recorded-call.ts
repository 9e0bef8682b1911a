import { isWaxsealError } from '../errors.js'
import type { CallEnd, CallLedger, LedgerOperation, TimedReply } from './call-ledger.js'
import type { Clock } from './clock.js'
import type { EncryptionContext } from './context.js'
import type { CallOptions, KekRef, KmsReply } from './provider.js'
import { uuidV7 } from './uuid-v7.js'

export interface RecordedCall<T> {
  readonly provider: string
  readonly operation: LedgerOperation
  readonly context: EncryptionContext
  readonly kek?: KekRef
  readonly options: CallOptions
  readonly send: (options: CallOptions) => Promise<T>
  /** The key that the result is of, where it is of one. */
  readonly kekOf: (result: T) => KekRef | undefined
}

/** Writes a call down before it is sent, and its end afterwards. If the ledger cannot be written, the call is not made. */
export async function recordedCall<T>(ledger: CallLedger, clock: Clock, recorded: RecordedCall<T>): Promise<T> {
  const { provider, operation, context, kek, options, send, kekOf } = recorded
  options.signal?.throwIfAborted()
  // A token of its own for each attempt, whatever the caller passed: a retry must not overwrite the first entry.
  const started = clock.now()
  const callToken = uuidV7(started)
  const call = options.callToken ?? callToken
  const known = { callToken, call, provider, operation, context, ...(kek && { kek }) }
  await ledger.begin({ ...known, startedAt: new Date(started) })
  const replies: TimedReply[] = []
  const onReply = (reply: KmsReply) => {
    replies.push({ ...reply, at: new Date(clock.now()) })
    options.onReply?.(reply)
  }
  const complete = (end: Pick<CallEnd, 'outcome' | 'kek' | 'errorCode'>) =>
    ledger.complete(callToken, { ...end, replies: [...replies], latencyMs: clock.now() - started })
  let result: T
  try {
    result = await send({ ...options, callToken, onReply })
  } catch (error) {
    const errorCode = isWaxsealError(error) ? error.code : 'unknown'
    // What the KMS said is what the caller has to act on; an entry without an end shows that the ledger failed.
    await complete({ outcome: 'failed', errorCode }).catch(() => undefined)
    throw error
  }
  const used = kekOf(result)
  await complete({ outcome: 'succeeded', ...(used && { kek: used }) })
  return result
}
