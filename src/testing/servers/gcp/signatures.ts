import type { SigningPair } from '../signing-pair.js'
import { checksumOf, isVerified } from './checksum.js'
import type { Message } from './grpc.js'
import { assertEnabled, type TestCryptoKey, type TestVersion, versionNameOf } from './keys.js'
import { FAILED_PRECONDITION, GcpRefusal, INVALID_ARGUMENT } from './refusal.js'

const DIGEST_BYTES = 32

/** Ed25519 takes `data`, ECDSA a `digest`, and neither the other. */
export function signUnder(key: TestCryptoKey, version: TestVersion, request: Message, now: Date): Message {
  const pair = pairOf(key, version, now)
  const data = request['data'] as Buffer
  const { sha256 = Buffer.alloc(0) } = (request['digest'] ?? {}) as { readonly sha256?: Buffer }
  const [given, other] = pair.isEd25519 ? [data, sha256] : [sha256, data]
  const isGiven = pair.isEd25519 ? given.length > 0 : given.length === DIGEST_BYTES
  if (!isGiven || other.length > 0) {
    throw new GcpRefusal(INVALID_ARGUMENT, `${key.algorithm} takes ${pair.isEd25519 ? 'data' : 'a digest of SHA-256'}.`)
  }
  const verifiedDataCrc32c = isVerified('data', data, request['dataCrc32c'])
  const verifiedDigestCrc32c = isVerified('digest', sha256, request['digestCrc32c'])
  const signature = pair.isEd25519 ? pair.sign(data) : pair.signDigest(sha256)
  return {
    name: versionNameOf(key, version),
    signature,
    signatureCrc32c: { value: String(checksumOf(signature)) },
    ...{ verifiedDataCrc32c, verifiedDigestCrc32c, protectionLevel: key.protectionLevel },
  }
}

export function publicKeyOf(key: TestCryptoKey, version: TestVersion, now: Date): Message {
  const pem = pairOf(key, version, now).publicKey.export({ type: 'spki', format: 'pem' }).toString()
  const pemCrc32c = { value: String(checksumOf(Buffer.from(pem))) }
  return { name: versionNameOf(key, version), pem, pemCrc32c, algorithm: key.algorithm }
}

function pairOf(key: TestCryptoKey, version: TestVersion, now: Date): SigningPair {
  assertEnabled(key, version, now)
  if (version.pair) return version.pair
  const found = `purpose ${key.purpose} and algorithm ${key.algorithm}`
  throw new GcpRefusal(FAILED_PRECONDITION, `${key.name} has ${found}; expected a key that signs.`)
}
