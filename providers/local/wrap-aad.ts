import { canonicalContext, type EncryptionContext } from '../../src/kms/context.js'
import type { KekRef } from '../../src/kms/provider.js'

/** Must not change: every wrapped data key depends on it. */
const LABEL = 'waxseal local wrap 1'

/**
 * What a wrap is authenticated with: a label that no other use of the key shares, the KEK ref and the canonical context,
 * each with its length before it.
 */
export function wrapAad(kek: KekRef, context: EncryptionContext): Buffer {
  const parts = [Buffer.from(LABEL), Buffer.from(kek.id), Buffer.from(kek.version), canonicalContext(context)]
  return Buffer.concat(
    parts.flatMap((part) => {
      const length = Buffer.alloc(4)
      length.writeUInt32BE(part.length)
      return [length, part]
    }),
  )
}
