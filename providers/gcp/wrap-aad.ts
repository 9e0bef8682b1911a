import { canonicalContext, type EncryptionContext } from '../../src/kms/context.js'
import { lengthPrefixed } from '../../src/kms/length-prefixed.js'

/** Must not change: every wrapped data key depends on it. */
const LABEL = 'waxseal gcp wrap 1'

/**
 * What Cloud KMS authenticates a wrap with: a label that no other use of the key shares, the number of the key version, the
 * canonical context. The version stands here because `Decrypt` finds it in the ciphertext and does not say which it was:
 * so a row that names another version than the one which wrapped does not open.
 */
export function wrapAad(version: string, context: EncryptionContext): Buffer {
  return lengthPrefixed([LABEL, version, canonicalContext(context)])
}
