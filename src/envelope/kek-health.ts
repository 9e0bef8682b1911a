import { type ErrorCode, isWaxsealError } from '../errors.js'
import type { Clock } from '../kms/clock.js'
import type { CallOptions, KekRef, KmsProvider, WrapOnlyRecipient } from '../kms/provider.js'
import { encryptionContextOf } from './binding.js'
import { CANARY, wrapCanary } from './canary.js'
import type { KekList } from './kek-list.js'
import type { WrappedMetadata } from './metadata.js'
import { unwrapInOrder } from './unwrap-in-order.js'

/** What one KMS did with a canary. Names and codes: may be shown to whoever may know which KMS is used. */
export interface KekHealth {
  readonly role: 'provider' | 'recipient' | 'wrap-only recipient'
  readonly provider: string
  readonly status: 'ok' | 'failed'
  /** The KEK that the canary is wrapped under. */
  readonly kek?: KekRef
  /** Why it failed. */
  readonly code?: ErrorCode | 'unknown'
}

/** Wraps a canary under each KEK, and unwraps it. Never rejects. */
export function checkKeks(
  targets: readonly (KmsProvider | WrapOnlyRecipient)[],
  options: CallOptions,
): Promise<KekHealth[]> {
  return Promise.all(
    targets.map(async (target, index): Promise<KekHealth> => {
      const recipient = 'unwrap' in target ? 'recipient' : 'wrap-only recipient'
      const known = { role: index === 0 ? 'provider' : recipient, provider: target.name } as const
      return healthOf(known, () => wrapCanary(target, options))
    }),
  )
}

/** Unwraps a canary that somebody else wrapped, under each KEK that opens anything here. Never rejects. */
export function checkUnwraps(
  metadata: WrappedMetadata,
  { list, clock }: { readonly list: KekList; readonly clock: Clock },
  options: CallOptions & { readonly deadline: number },
): Promise<KekHealth[]> {
  const context = encryptionContextOf(CANARY, metadata.id)
  const ours = metadata.wraps.filter(({ kek }) => list.providersFor(kek).length > 0)
  return Promise.all(
    // If none is, each is told, as not accepted: no answer at all would look like a good one.
    (ours.length > 0 ? ours : metadata.wraps).map((wrap): Promise<KekHealth> => {
      const role = wrap === metadata.wraps[0] ? 'provider' : 'recipient'
      return healthOf({ role, provider: wrap.kek.provider }, async () => {
        const job = { metadata, routes: list.routes([wrap]), context, clock, latest: options.deadline }
        const { dataKey } = await unwrapInOrder(job, options)
        dataKey.destroy()
        return wrap.kek
      })
    }),
  )
}

async function healthOf(known: Pick<KekHealth, 'role' | 'provider'>, check: () => Promise<KekRef>): Promise<KekHealth> {
  try {
    return { ...known, status: 'ok', kek: await check() }
  } catch (error) {
    return { ...known, status: 'failed', code: isWaxsealError(error) ? error.code : 'unknown' }
  }
}
