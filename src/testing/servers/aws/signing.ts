import type { SigningPair } from '../signing-pair.js'
import { AwsRefusal } from './aws-refusal.js'
import { arnOf, type Keys } from './keys.js'

interface SigningCall {
  readonly request: Readonly<Record<string, unknown>>
  readonly region: string
  readonly keys: Keys
}

const MAX_MESSAGE_BYTES = 4_096
const DIGEST_BYTES = 32
export const KEY_SPECS: Readonly<Record<string, 'ed25519' | 'p256'>> = {
  ECC_NIST_EDWARDS25519: 'ed25519',
  ECC_NIST_P256: 'p256',
}

/** Of keys with the usage SIGN_VERIFY. */
export const SIGNING = {
  GetPublicKey({ request, region, keys }: SigningCall) {
    const { key, pair } = keys.signing(region, request['KeyId'])
    const PublicKey = pair.publicKey.export({ format: 'der', type: 'spki' }).toString('base64')
    return { KeyId: arnOf(key, region), PublicKey, KeyUsage: 'SIGN_VERIFY', SigningAlgorithms: [algorithmOf(pair)] }
  },

  Sign({ request, region, keys }: SigningCall) {
    const { key, pair } = keys.signing(region, request['KeyId'])
    const SigningAlgorithm = algorithmOf(pair)
    if (request['SigningAlgorithm'] !== SigningAlgorithm) {
      throw new AwsRefusal('InvalidKeyUsageException', `Algorithm ${request['SigningAlgorithm']} is incompatible`)
    }
    const signature = signed(pair, Buffer.from(String(request['Message'] ?? ''), 'base64'), request['MessageType'])
    return { KeyId: arnOf(key, region), Signature: signature.toString('base64'), SigningAlgorithm }
  },
}

function signed(pair: SigningPair, message: Buffer, type: unknown): Buffer {
  if (type === 'DIGEST' && !pair.isEd25519 && message.length === DIGEST_BYTES) return pair.signDigest(message)
  if (type === 'RAW' && message.length > 0 && message.length <= MAX_MESSAGE_BYTES) return pair.sign(message)
  throw new AwsRefusal('ValidationException', 'expected a RAW message of 1 to 4096 bytes, or a DIGEST of 32')
}

function algorithmOf({ isEd25519 }: SigningPair) {
  return isEd25519 ? 'ED25519_SHA_512' : 'ECDSA_SHA_256'
}
