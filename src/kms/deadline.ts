import { KmsUnavailableError } from '../errors.js'
import type { Clock } from './clock.js'
import type { CallOptions } from './provider.js'

/** What is waited for at the longest. */
export interface WaitOptions extends Pick<CallOptions, 'signal'> {
  readonly deadline: number
}

/**
 * Runs `call` and settles at the deadline at the latest, whether or not the call listens to the signal that it is given:
 * some SDKs never time out by themselves, and hooks of an ORM hold a database connection meanwhile.
 *
 * Rejects with a retryable `KmsUnavailableError` at the deadline, or with the reason of the caller's own signal.
 */
export function withDeadline<T>(
  what: string,
  options: CallOptions & WaitOptions,
  clock: Clock,
  call: (limited: CallOptions & { readonly signal: AbortSignal }) => Promise<T>,
): Promise<T> {
  const controller = new AbortController()
  return settleBy(what, options, clock, () => call({ ...options, signal: controller.signal }), controller)
}

/**
 * As `withDeadline`, for a call that several may wait for: it goes on when this one waits no longer, unless there is a
 * controller to abort.
 */
export function settleBy<T>(
  what: string,
  { signal, deadline }: WaitOptions,
  clock: Clock,
  call: () => Promise<T>,
  controller?: AbortController,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    signal?.throwIfAborted()
    const left = deadline - clock.now()
    if (left <= 0) throw expired(what)
    const stop = (reason: unknown) => {
      fail(reason)
      controller?.abort(reason)
    }
    const cancel = clock.after(left, () => stop(expired(what)))
    const onAbort = signal && (() => stop(signal.reason))
    if (onAbort) signal.addEventListener('abort', onAbort, { once: true })
    const end = () => {
      cancel()
      if (onAbort) signal.removeEventListener('abort', onAbort)
    }
    const succeed = (value: T) => {
      end()
      resolve(value)
    }
    const fail = (error: unknown) => {
      end()
      reject(error)
    }
    try {
      call().then(succeed, fail)
    } catch (error) {
      // A call that throws instead of rejecting leaves no timer behind either.
      fail(error)
    }
  })
}

function expired(what: string): KmsUnavailableError {
  return new KmsUnavailableError(`${what}: no reply before the deadline`, { reason: 'timeout' })
}
