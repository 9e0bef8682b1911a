import { isWaxsealError } from '../errors.js'
import type { EncryptionContext } from '../kms/context.js'
import type { CallOptions, KekRef } from '../kms/provider.js'
import type { KekList } from './kek-list.js'

/** What no KMS ever wrapped: a provider refuses it by itself, after it has looked whether the KEK is one of its own. */
const NOTHING = new Uint8Array(0)

/**
 * Whether the list has the KEK, and one of its providers was configured with it: that knows its previous keys. A look-up that
 * fails, of what an alias names, is thrown.
 */
export async function acceptsKek(
  list: KekList,
  kek: KekRef,
  context: EncryptionContext,
  options: CallOptions,
): Promise<boolean> {
  for (const provider of list.providersFor(kek)) {
    const refusal = await provider.unwrap({ kek, bytes: NOTHING }, context, options).catch((error: unknown) => error)
    if (!isWaxsealError(refusal)) throw refusal
    if (refusal.code === 'ERR_DECRYPTION_FAILED') return true
    if (refusal.code !== 'ERR_KEK_NOT_ACCEPTED') throw refusal
  }
  return false
}
