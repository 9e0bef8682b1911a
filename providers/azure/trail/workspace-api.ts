import { AuditTrailGapError, KmsUnavailableError } from '../../../src/errors.js'
import { objectAt, textAt } from '../../../src/kms/untrusted-json.js'

/** A record as the workspace has it, and when it got there. */
export interface WorkspaceRow {
  readonly record: string
  readonly ingestedAt?: Date
}

/** A Log Analytics workspace. */
export interface WorkspaceApi {
  /** Rejects as the SDK does. Undefined for a part of the result: there was more than an answer holds. */
  query(text: string, signal: AbortSignal): Promise<readonly WorkspaceRow[] | undefined>
}

/** What a failure of Azure Monitor or of its storage means to a reader of the trail. */
export function trailFailure(what: string, error: unknown): Error {
  const status = textAt(error, 'statusCode') ?? textAt(error, 'status')
  const code = textAt(error, 'code') ?? textAt(objectAt(error, 'details'), 'code') ?? status ?? 'no reply'
  const message = `trail "azure": ${what} answered ${code}`
  if (status === '401' || status === '403' || status === '404') {
    return new AuditTrailGapError(`${message}; give the reader access again, or mend the name`)
  }
  const reason = status === '429' ? 'throttled' : status === undefined ? 'network' : 'server'
  return new KmsUnavailableError(message, { reason })
}
