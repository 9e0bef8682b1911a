import { isWaxsealError } from '../../src/errors.js'
import { systemClock } from '../../src/kms/clock.js'
import { withDeadline } from '../../src/kms/deadline.js'
import type { CallOptions, KekRef } from '../../src/kms/provider.js'
import { vendorError } from '../../src/kms/vendor-failure.js'
import type { AzureCallOptions, AzureRawReply } from './client.js'
import { type AzureFailure, azureFailureOf } from './errors.js'

/** The SDK would wait for ever for the rest of a reply, and for some credentials. */
const TIMEOUT_MS = 4_000

/** By the methods of the SDK: how the audit log of Key Vault names their requests. */
const LOGGED_AS = {
  getKey: 'KeyGet',
  wrapKey: 'KeyWrap',
  unwrapKey: 'KeyUnwrap',
  sign: 'KeySign',
  getKeyRotationPolicy: 'KeyRotationPolicyGet',
} as const
export type Operation = keyof typeof LOGGED_AS

export interface AzureRefusal extends AzureFailure {
  readonly requestId?: string
  readonly replied: boolean
}

/** What the vault gave, or why it did not. */
export type AzureAnswer<T> = { readonly result: T } | { readonly refusal: AzureRefusal }

/**
 * One request about the key of the id `key`, its reply reported. Rejects with the reason of the signal, or where the time was
 * over. The SDK's own errors are left out, since they hold the request with its token.
 */
export async function reported<T>(
  operation: Operation,
  key: string,
  options: CallOptions,
  call: (passed: AzureCallOptions, signal: AbortSignal) => Promise<T>,
): Promise<AzureAnswer<T>> {
  const { signal, callToken, onReply, deadline = Number.POSITIVE_INFINITY } = options
  let reply: AzureRawReply | undefined
  const passed: AzureCallOptions = {
    onResponse(received) {
      reply = received
    },
    // The audit log has the user agent; the client's own request id is not in it.
    ...(callToken !== undefined && { requestOptions: { headers: { 'user-agent': `waxseal-call/${callToken}` } } }),
  }
  const answered = (status: string) => {
    const requestId = reply?.headers.get('x-ms-request-id')
    const identified = requestId === undefined ? {} : { requestId }
    if (reply) onReply?.({ operation: LOGGED_AS[operation], key, status, ...identified })
    return identified
  }
  try {
    const limits = { ...options, deadline: Math.min(deadline, systemClock.now() + TIMEOUT_MS) }
    const result = await withDeadline(`provider "azure": ${operation}`, limits, systemClock, (limited) =>
      call({ ...passed, abortSignal: limited.signal }, limited.signal),
    )
    answered('ok')
    return { result }
  } catch (error) {
    // Before anything else: what the SDK makes of an abort is of no interest.
    signal?.throwIfAborted()
    if (isWaxsealError(error)) throw error
    const failed = azureFailureOf(error, reply)
    return { refusal: { ...failed, ...answered(failed.status), replied: reply !== undefined } }
  }
}

export function refused(
  operation: Operation,
  { failure, status, requestId, retryAfterMs }: AzureRefusal,
  kek?: KekRef,
) {
  return vendorError(failure, { provider: 'azure', operation, status, kek, requestId, retryAfterMs })
}
