import { canonicalContext, type EncryptionContext } from '../../src/kms/context.js'
import { lengthPrefixed } from '../../src/kms/length-prefixed.js'
import type { KekRef } from '../../src/kms/provider.js'

/** Must not change: every wrapped data key depends on it. */
const LABEL = 'waxseal local wrap 1'

/** What a wrap is authenticated with: a label that no other use of the key shares, the KEK ref, the canonical context. */
export function wrapAad(kek: KekRef, context: EncryptionContext): Buffer {
  return lengthPrefixed([LABEL, kek.id, kek.version, canonicalContext(context)])
}
