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
  const limited = { ...options, signal: controller.signal }
  return settleBy(
    what,
    options,
    clock,
    () => call(limited),
    (reason) => controller.abort(reason),
  )
}

/** As `withDeadline`, for a call that several may wait for: it goes on when this one waits no longer. */
export function settleBy<T>(
  what: string,
  { signal, deadline }: WaitOptions,
  clock: Clock,
  call: () => Promise<T>,
  onStop?: (reason: unknown) => void,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    signal?.throwIfAborted()
    const expired = () => new KmsUnavailableError(`${what}: no reply before the deadline`, { reason: 'timeout' })
    const left = deadline - clock.now()
    if (left <= 0) throw expired()
    const end = () => {
      cancel()
      signal?.removeEventListener('abort', onAbort)
    }
    const stop = (reason: unknown) => {
      end()
      reject(reason)
      onStop?.(reason)
    }
    const onAbort = () => stop(signal?.reason)
    const cancel = clock.after(left, () => stop(expired()))
    signal?.addEventListener('abort', onAbort, { once: true })
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
