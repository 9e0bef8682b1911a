import { createHash, generateKeyPair, type KeyObject, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { canonicalContext, type EncryptionContext } from '../../src/kms/context.js'
import { DATA_KEY_BYTES } from '../../src/kms/data-key.js'
import { lengthPrefixed } from '../../src/kms/length-prefixed.js'
import type { KekRef } from '../../src/kms/provider.js'
import type { RecoveryAlgorithm } from './algorithm.js'
import { decryptOaep, encryptOaep } from './rsa-oaep.js'

/** Must not change: every wrap depends on it. */
const LABEL = 'waxseal offline wrap 1'
const NEW_BITS = 3_072
const FEWEST_BITS = 2_048
const MOST_BITS = 8_192

/** RSA-OAEP of the data key and, since RSA binds nothing, of a hash of what it belongs to. */
export const rsaOaep256: RecoveryAlgorithm = {
  keyType: 'rsa',
  version: '1',

  generate() {
    return promisify(generateKeyPair)('rsa', { modulusLength: NEW_BITS })
  },

  problemOf({ asymmetricKeyDetails }: KeyObject) {
    const bits = asymmetricKeyDetails?.modulusLength ?? 0
    if (bits >= FEWEST_BITS && bits <= MOST_BITS) return undefined
    return `expected an RSA key of ${FEWEST_BITS} to ${MOST_BITS} bits, found one of ${bits}`
  },

  wrap(publicKey, kek, dataKey, context) {
    const plaintext = Buffer.concat([dataKey, bindingOf(kek, context)])
    try {
      return encryptOaep(publicKey, plaintext)
    } finally {
      plaintext.fill(0)
    }
  },

  open(privateKey, kek, wrapped, context) {
    const plaintext = decryptOaep(privateKey, wrapped)
    const binding = bindingOf(kek, context)
    if (!plaintext) return undefined
    try {
      const isWhole = plaintext.length === DATA_KEY_BYTES + binding.length
      if (!isWhole || !timingSafeEqual(plaintext.subarray(DATA_KEY_BYTES), binding)) return undefined
      return Buffer.from(plaintext.subarray(0, DATA_KEY_BYTES))
    } finally {
      plaintext.fill(0)
    }
  },
}

function bindingOf(kek: KekRef, context: EncryptionContext): Buffer {
  return createHash('sha256')
    .update(lengthPrefixed([LABEL, kek.id, kek.version, canonicalContext(context)]))
    .digest()
}
