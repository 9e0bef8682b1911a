import type { AzureCallOptions, AzureRawReply } from './client.js'

/** What is used of a request of the SDK on its way. */
interface OutgoingRequest {
  readonly headers: { set(name: string, value: string): void }
  abortSignal?: unknown
}

/** A policy of the SDK's pipeline that does with each request what the SDK's methods do with their options. */
export function followingOptions({ abortSignal, onResponse, requestOptions = {} }: AzureCallOptions) {
  const sendRequest = async <R extends OutgoingRequest, T>(
    request: R,
    next: (request: R) => Promise<T>,
  ): Promise<T> => {
    for (const [name, value] of Object.entries(requestOptions.headers ?? {})) request.headers.set(name, value)
    if (abortSignal) request.abortSignal = abortSignal
    const reply = await next(request)
    onResponse?.(reply as AzureRawReply)
    return reply
  }
  return { position: 'perRetry' as const, policy: { name: 'waxsealOptions', sendRequest } }
}
