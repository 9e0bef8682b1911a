import type { CallOptions, KekRef } from '../../src/kms/provider.js'
import { vendorError } from '../../src/kms/vendor-failure.js'
import type { VaultClient, VaultReply, VaultRequest } from './client.js'
import { failureOfNoReply, failureOfReply, type VaultFailure } from './errors.js'

export interface VaultCall {
  /** As Vault's documentation and its audit log name it: the path without mount and key. */
  readonly operation: string
  readonly kek?: KekRef | undefined
}

export type VaultData = Readonly<Record<string, unknown>>

/** One request and its reply, whatever its status, reported. Rejects where none came. */
export async function exchange(
  client: VaultClient,
  request: VaultRequest,
  call: VaultCall,
  { signal, callToken, onReply }: CallOptions,
): Promise<VaultReply> {
  try {
    const reply = await client.send({ ...request, callToken, signal })
    const requestId = requestIdOf(reply)
    const status = isAnswer(reply) ? 'ok' : failureOfReply(reply).status
    onReply?.({ operation: loggedAs(call.operation), status, ...(requestId !== undefined && { requestId }) })
    return reply
  } catch (error) {
    signal?.throwIfAborted()
    throw errorOf(failureOfNoReply(error), call)
  }
}

/** The type of the mount and what is asked of it, without the key: the audit log has the path that these are part of. */
function loggedAs(operation: string): string {
  return /^(list )?(auth|sys)\//.test(operation) ? operation : `transit/${operation.split('/')[0]}`
}

/** `data` of a reply, or of a login `auth`. Throws what the KMS refused with. */
export function contentOf(reply: VaultReply, call: VaultCall, member: 'data' | 'auth' = 'data'): VaultData {
  if (!isAnswer(reply)) throw errorOf(failureOfReply(reply), call, reply)
  const content = (reply.body as Record<string, unknown> | undefined)?.[member]
  if (typeof content === 'object' && content !== null) return content as VaultData
  throw incomplete(call, reply)
}

/** A reply without what was asked for: from something that is no transit engine, or no Vault. */
export function incomplete(call: VaultCall, reply?: VaultReply): Error {
  return errorOf({ failure: 'misconfigured', status: 'an incomplete reply' }, call, reply)
}

export function errorOf({ failure, status }: VaultFailure, { operation, kek }: VaultCall, reply?: VaultReply): Error {
  const requestId = reply && requestIdOf(reply)
  return vendorError(failure, {
    provider: 'vault',
    operation,
    status,
    kek,
    requestId,
    retryAfterMs: reply?.retryAfterMs,
  })
}

/** Vault answers 400 to a batch in which an item failed, with the results of all; OpenBao answers 200. */
function isAnswer({ status, body }: VaultReply): boolean {
  if (status === 200) return true
  const { batch_results } = (body as { data?: { batch_results?: unknown } } | undefined)?.data ?? {}
  return status === 400 && Array.isArray(batch_results)
}

function requestIdOf({ body }: VaultReply): string | undefined {
  const { request_id } = (body ?? {}) as { request_id?: unknown }
  return typeof request_id === 'string' && /^[0-9a-f-]{36}$/.test(request_id) ? request_id : undefined
}
