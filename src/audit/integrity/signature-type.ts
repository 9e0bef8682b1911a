import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto'

export type SigningAlgorithm = 'ed25519' | 'ecdsa-p256'

/** Of C2SP `signed-note`: how a key is written and named, and what verifies its signatures. */
export interface SignatureType {
  readonly algorithm: SigningAlgorithm
  /** The first byte of an encoded key. */
  readonly byte: number
  encode(publicKey: KeyObject): Buffer
  /** Throws for what is no such key. */
  decode(encoded: Buffer): KeyObject
  /** `key`: the byte of the type, and the encoded key. */
  idOf(name: string, key: Buffer): Buffer
  isSigned(text: Uint8Array, publicKey: KeyObject, signature: Uint8Array): boolean
}

const ID_BYTES = 4
const sha256 = (...parts: readonly (string | Buffer)[]) => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

const ed25519: SignatureType = {
  algorithm: 'ed25519',
  byte: 1,
  encode: (publicKey) => Buffer.from(publicKey.export({ format: 'jwk' }).x as string, 'base64url'),
  decode: (encoded) => {
    const jwk = { kty: 'OKP', crv: 'Ed25519', x: encoded.toString('base64url') }
    return createPublicKey({ key: jwk, format: 'jwk' })
  },
  idOf: (name, key) => sha256(`${name}\n`, key).subarray(0, ID_BYTES),
  isSigned: (text, publicKey, signature) => verify(null, text, publicKey, signature),
}

/** Of SHA-256, in DER. Its id does not depend on the name: so it is where this type comes from, the log of Sigstore. */
const ecdsaP256: SignatureType = {
  algorithm: 'ecdsa-p256',
  byte: 2,
  encode: (publicKey) => publicKey.export({ format: 'der', type: 'spki' }),
  decode: (encoded) => createPublicKey({ key: encoded, format: 'der', type: 'spki' }),
  idOf: (_, key) => sha256(key.subarray(1)).subarray(0, ID_BYTES),
  isSigned: (text, publicKey, signature) => verify('sha256', text, publicKey, signature),
}

/** `undefined` for a key of another kind. */
export function signatureTypeOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): SignatureType | undefined {
  if (asymmetricKeyType === 'ed25519') return ed25519
  return asymmetricKeyType === 'ec' && asymmetricKeyDetails?.namedCurve === 'prime256v1' ? ecdsaP256 : undefined
}

/** A type byte and a key, in the one way that it is written; `undefined` for everything else. */
export function decodePublicKey(key: Buffer): KeyObject | undefined {
  const type = [ed25519, ecdsaP256].find(({ byte }) => byte === key[0])
  if (!type) return undefined
  try {
    const publicKey = type.decode(key.subarray(1))
    const isOne = signatureTypeOf(publicKey) === type && type.encode(publicKey).equals(key.subarray(1))
    return isOne ? publicKey : undefined
  } catch {
    return undefined
  }
}
