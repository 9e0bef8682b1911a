import type { OperationClass } from '../trail/audit-event.js'
import type { LedgerRequest } from './ledger-requests.js'
import type { TrailEvent } from './records.js'

const KEK_USES = new Set<OperationClass>(['data-key', 'encrypt', 'decrypt', 'rewrap'])

/** Within this a writer has stored its attempts, also through its journal once the database is back. */
export const FLUSH_BOUND_MS = 60_000

/**
 * In what an event and a request differ that may be the same by an id. What one of them does not say is no difference.
 * `principals` are those of the application, for a request whose signer the client did not know.
 */
export function difference(
  event: TrailEvent,
  request: LedgerRequest,
  principals: ReadonlySet<string>,
): 'operation' | 'key' | 'principal' | undefined {
  if (event.operation !== request.operation) return 'operation'
  if (!sameKey(event, request)) return 'key'
  return samePrincipal(event, request.principal, principals) ? undefined : 'principal'
}

function sameKey({ kekId, sourceKekId, operationClass }: TrailEvent, { keks }: LedgerRequest): boolean {
  if (kekId === undefined || keks.length === 0) return true
  // A wrap may be signed, and the key that signs it, looked up before, is no KEK: no attempt names it.
  if (!KEK_USES.has(operationClass)) return true
  return keks.includes(kekId) || (sourceKekId !== undefined && keks.includes(sourceKekId))
}

/** The credential that signed says more than whose it is, so it is compared where both know it. */
export function samePrincipal(
  { credentialId, principal }: TrailEvent,
  signer: string | undefined,
  principals: ReadonlySet<string>,
): boolean {
  const named = [credentialId, principal].filter((name) => name !== undefined)
  if (named.length === 0) return true
  if (signer !== undefined) return named.includes(signer)
  return principals.size === 0 || named.some((name) => principals.has(name))
}

/** What was inserted once its event was known could have been invented to explain it: an attempt, or the reply in its end. */
export function isBackfilled({ attempts, answered }: LedgerRequest, event: TrailEvent): boolean {
  return attempts.every(({ insertedAt, endInsertedAt = insertedAt, isJournalled }) => {
    // The database that a journal waits for is the one that the mirror waits for.
    const known = isJournalled ? event.mirroredAt + FLUSH_BOUND_MS : event.arrivedAt
    return (answered ? endInsertedAt : insertedAt) > Math.max(known, event.time + FLUSH_BOUND_MS)
  })
}
