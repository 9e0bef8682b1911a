import { generateKeyPair, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { canonicalContext } from '../../src/kms/context.js'
import { DATA_KEY_BYTES } from '../../src/kms/data-key.js'
import type { RecoveryAlgorithm } from './algorithm.js'
import { decryptHpke, encryptHpke, MESSAGE_OVERHEAD } from './hpke.js'
import { isOfLowOrder, rawPublicKey } from './x25519-point.js'

/** Must not change: every wrap depends on it. */
const INFO = Buffer.from('waxseal offline wrap 2')
/** 2^255 - 19. */
const PRIME = 2n ** 255n - 19n

/** HPKE of the data key, with the encryption context as AAD. HPKE itself binds the recipient's public key. */
export const x25519: RecoveryAlgorithm = {
  keyType: 'x25519',
  version: '2',

  generate() {
    return promisify(generateKeyPair)('x25519', {})
  },

  problemOf(publicKey: KeyObject) {
    // One key, one encoding: X25519 would take the same point under a second fingerprint.
    if (littleEndian(rawPublicKey(publicKey)) >= PRIME)
      return 'expected an X25519 key in its one encoding, found another'
    if (isOfLowOrder(publicKey)) return 'found an X25519 key of low order, under which anybody could open everything'
    return undefined
  },

  wrap(publicKey, _kek, dataKey, context) {
    return encryptHpke(publicKey, INFO, canonicalContext(context), dataKey)
  },

  open(privateKey, _kek, wrapped, context) {
    if (wrapped.length !== MESSAGE_OVERHEAD + DATA_KEY_BYTES) return undefined
    return decryptHpke(privateKey, INFO, canonicalContext(context), wrapped)
  },
}

function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`)
}
