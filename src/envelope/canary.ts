import { randomBytes, timingSafeEqual } from 'node:crypto'
import { DecryptionError } from '../errors.js'
import { DataKey } from '../kms/data-key.js'
import type { CallOptions, KekRef, KmsProvider, WrapOnlyRecipient } from '../kms/provider.js'
import { type EnvelopeBinding, encryptionContextOf } from './binding.js'
import { ENVELOPE_ID_BYTES } from './format.js'

/** What every canary is bound to. Policies that name entities allow it (`waxseal policy`); audit trails show it. */
export const CANARY: EnvelopeBinding = { entity: 'waxseal-doctor', context: {} }

/** Wraps a data key that belongs to nothing, unwraps it where that can be done here, and tells under which KEK. */
export async function wrapCanary(target: KmsProvider | WrapOnlyRecipient, options?: CallOptions): Promise<KekRef> {
  const id = randomBytes(ENVELOPE_ID_BYTES).toString('base64url')
  const context = encryptionContextOf(CANARY, id)
  const canary = DataKey.generate()
  const wrapped = await target.wrap(canary, context, options)
  if (!('unwrap' in target)) return wrapped.kek
  const opened = await target.unwrap(wrapped, context, options)
  if (!canary.withBytes((a) => opened.withBytes((b) => timingSafeEqual(a, b)))) {
    throw new DecryptionError('the KMS answered with another key than it was given', { kek: wrapped.kek })
  }
  return wrapped.kek
}
