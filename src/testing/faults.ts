import { randomBytes } from 'node:crypto'
import { KmsAccessDeniedError, KmsUnavailableError, type WaxsealError } from '../errors.js'
import type { KmsOperation } from '../kms/call-ledger.js'
import type { Clock } from '../kms/clock.js'
import type { CallOptions } from '../kms/provider.js'

/** What a KMS answers, before a provider makes its own types of it. */
export interface KmsAnswer {
  readonly kekId: string
  readonly kekVersion: string
  readonly plaintext?: Uint8Array
  readonly wrapped?: Uint8Array
}

export interface FaultedCall {
  readonly operation: KmsOperation
  readonly options: CallOptions
  readonly clock: Clock
}

/** One way in which a call goes wrong. */
export interface Fault {
  /** Stands between the caller and the KMS. Calls `send`, or does not. */
  readonly transport?: <T>(call: FaultedCall, send: (options: CallOptions) => Promise<T>) => Promise<T>
  /** Changes what the KMS answered. */
  readonly answer?: (answer: KmsAnswer) => KmsAnswer
}

/** The identity may not do this. */
export function deny(): Fault {
  return refuseWith('AccessDenied', () => new KmsAccessDeniedError('fake KMS: access denied; mend the policy'))
}

/** Too many calls. `retryAfterMs` is what the KMS asks for. */
export function throttle(retryAfterMs?: number): Fault {
  const options = { reason: 'throttled', ...(retryAfterMs !== undefined && { retryAfterMs }) } as const
  return refuseWith('Throttled', () => new KmsUnavailableError('fake KMS: throttled', options))
}

/** The KMS fails by itself. */
export function failWithServerError(): Fault {
  return refuseWith('InternalError', () => new KmsUnavailableError('fake KMS: internal error', { reason: 'server' }))
}

/** No reply, ever. Ends when the call is aborted, unless it is deaf to that as well. */
export function hang(options: { readonly deaf?: boolean } = {}): Fault {
  return {
    transport: (call) =>
      new Promise((_resolve, reject) => {
        if (!options.deaf) onAbort(call.options.signal, reject)
      }),
  }
}

/** The reply comes after `ms`. */
export function slow(ms: number): Fault {
  return {
    async transport(call, send) {
      const { signal } = call.options
      await new Promise<void>((resolve, reject) => {
        const cancel = call.clock.after(ms, resolve)
        onAbort(signal, (reason) => {
          cancel()
          reject(reason)
        })
      })
      return send(call.options)
    },
  }
}

/** The KMS does what it was asked for, and the connection breaks before the reply arrives. */
export function loseReply(): Fault {
  return {
    async transport(call, send) {
      const { onReply: _lost, ...options } = call.options
      await send(options)
      throw new KmsUnavailableError('fake KMS: the connection was lost', { reason: 'network' })
    },
  }
}

/** Something happens at the KMS just before this call: a rotation in mid-job, for instance. */
export function precededBy(event: () => void): Fault {
  return {
    transport(call, send) {
      event()
      return send(call.options)
    },
  }
}

/** The answer names another KEK than the one that was used. */
export function answerWithOtherKek(kek: { readonly id?: string; readonly version?: string }): Fault {
  return {
    answer: (answer) => ({ ...answer, kekId: kek.id ?? answer.kekId, kekVersion: kek.version ?? answer.kekVersion }),
  }
}

/** The answer holds another data key than the one that is wrapped. */
export function answerWithOtherDataKey(): Fault {
  return {
    answer: (answer) => (answer.plaintext ? { ...answer, plaintext: randomBytes(answer.plaintext.length) } : answer),
  }
}

/** The wrapped bytes of the answer end too early. */
export function truncateWrapped(bytesLost = 1): Fault {
  return {
    answer: (answer) => (answer.wrapped ? { ...answer, wrapped: answer.wrapped.subarray(0, -bytesLost) } : answer),
  }
}

function refuseWith(status: string, error: () => WaxsealError): Fault {
  return {
    async transport(call) {
      call.options.onReply?.({ operation: call.operation, requestId: 'fake-refused', status })
      throw error()
    },
  }
}

function onAbort(signal: AbortSignal | undefined, stop: (reason: unknown) => void): void {
  if (signal?.aborted) stop(signal.reason)
  else signal?.addEventListener('abort', () => stop(signal.reason), { once: true })
}
