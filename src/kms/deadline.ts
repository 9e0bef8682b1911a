import { KmsUnavailableError } from '../errors.js'
import type { Clock } from './clock.js'
import type { CallOptions } from './provider.js'

/**
 * Runs `call` and settles at the deadline at the latest, whether or not the call listens to the signal that it is given:
 * some SDKs never time out by themselves, and hooks of an ORM hold a database connection meanwhile.
 *
 * Rejects with a retryable `KmsUnavailableError` at the deadline, or with the reason of the caller's own signal.
 */
export async function withDeadline<T>(
  what: string,
  options: CallOptions & { readonly deadline: number },
  clock: Clock,
  call: (limited: CallOptions & { readonly signal: AbortSignal }) => Promise<T>,
): Promise<T> {
  const { signal, deadline } = options
  signal?.throwIfAborted()
  const expired = () => new KmsUnavailableError(`${what}: no reply before the deadline`, { reason: 'timeout' })
  if (deadline <= clock.now()) throw expired()
  const controller = new AbortController()
  return new Promise<T>((resolve, reject) => {
    const end = () => {
      cancel()
      signal?.removeEventListener('abort', onAbort)
    }
    const stop = (reason: unknown) => {
      end()
      reject(reason)
      controller.abort(reason)
    }
    const onAbort = () => stop(signal?.reason)
    const cancel = clock.after(deadline - clock.now(), () => stop(expired()))
    signal?.addEventListener('abort', onAbort, { once: true })
    // Async, so that a call which throws instead of rejecting leaves no timer behind either.
    const started = (async () => call({ ...options, signal: controller.signal }))()
    started.then(resolve, reject).finally(end)
  })
}
