import { type ErrorCode, isWaxsealError } from '../errors.js'
import type { CallOptions, KekRef, KmsProvider, WrapOnlyRecipient } from '../kms/provider.js'
import { wrapCanary } from './canary.js'

/** What one KMS did with a canary. Names and codes: may be shown to whoever may know which KMS is used. */
export interface KekHealth {
  readonly role: 'provider' | 'recipient' | 'wrap-only recipient'
  readonly provider: string
  readonly status: 'ok' | 'failed'
  /** The KEK that wrapped the canary. */
  readonly kek?: KekRef
  /** Why it failed. */
  readonly code?: ErrorCode | 'unknown'
}

/** Never rejects. */
export function checkKeks(
  targets: readonly (KmsProvider | WrapOnlyRecipient)[],
  options: CallOptions,
): Promise<KekHealth[]> {
  return Promise.all(
    targets.map(async (target, index): Promise<KekHealth> => {
      const recipient = 'unwrap' in target ? 'recipient' : 'wrap-only recipient'
      const known = { role: index === 0 ? 'provider' : recipient, provider: target.name } as const
      try {
        return { ...known, status: 'ok', kek: await wrapCanary(target, options) }
      } catch (error) {
        return { ...known, status: 'failed', code: isWaxsealError(error) ? error.code : 'unknown' }
      }
    }),
  )
}
