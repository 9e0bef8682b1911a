import type { CallOptions } from '../../src/kms/provider.js'
import { vendorError } from '../../src/kms/vendor-failure.js'
import { type GcpFailure, gcpFailureOf } from './errors.js'

/** What each request carries besides. `params`: how Cloud KMS finds the region, which the client's method would add. */
export function headersOf(params: string, { callToken }: CallOptions): Readonly<Record<string, string>> {
  return {
    'x-goog-request-params': params,
    ...(callToken !== undefined && { 'x-goog-request-reason': callToken }),
  }
}

/** One request, its reply reported. Rejects with what the SDK made of a refusal. */
export async function reported<T>(
  operation: string,
  of: 'ciphertext' | 'request',
  { onReply }: CallOptions,
  send: () => Promise<T>,
): Promise<T> {
  try {
    const result = await send()
    onReply?.({ operation, status: 'ok' })
    return result
  } catch (error) {
    const { status, replied } = gcpFailureOf(error, of)
    if (replied) onReply?.({ operation, status })
    throw error
  }
}

/** How a request was refused that reveals nothing by it. Throws where it was not answered: then nothing is known. */
export function refusalOf(operation: string, error: unknown): GcpFailure {
  const refusal = gcpFailureOf(error, 'request')
  if (refusal.replied) return refusal
  throw vendorError(refusal.failure, { provider: 'gcp', operation, status: refusal.status })
}
