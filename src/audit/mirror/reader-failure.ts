import { isWaxsealError } from '../../errors.js'
import type { SourceState } from './source-state.js'

export interface ReaderFailure {
  readonly failure: Exclude<SourceState, 'ok'>
  readonly reason: string
}

/** What a reader rejected with. Of others only name and code: their messages can repeat what they were sent. */
export function readerFailure(error: unknown): ReaderFailure {
  if (!isWaxsealError(error)) {
    const { name, code } = (error ?? {}) as { readonly name?: unknown; readonly code?: unknown }
    return { failure: 'failing', reason: ['the reader failed', name, code].filter(Boolean).join(': ') }
  }
  const isBlind = error.code === 'ERR_AUDIT_TRAIL_GAP' || error.code === 'ERR_KMS_ACCESS_DENIED'
  return { failure: isBlind ? 'blind' : 'failing', reason: error.message }
}
