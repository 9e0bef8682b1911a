import { constants, type KeyObject, privateDecrypt, publicEncrypt } from 'node:crypto'
import { signDigest, verifiesDigest } from '../es256.js'
import { AzureRefusal, badParameter } from './azure-refusal.js'
import type { KeyVersion } from './keys.js'

const PADDINGS: Readonly<Record<string, { readonly padding: number; readonly oaepHash?: string }>> = {
  'RSA-OAEP-256': { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' },
  'RSA-OAEP': { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' },
  RSA1_5: { padding: constants.RSA_PKCS1_PADDING },
}
const DIGEST_BYTES = 32
/** What the service does with a version that is disabled: whoever has the public key could do it himself. */
const OF_PUBLIC_KEY: readonly string[] = ['encrypt', 'wrapKey', 'verify']
/** What it does after a version has expired, too. */
const AFTER_EXPIRY: readonly string[] = ['decrypt', 'unwrapKey', 'verify']

/** Refuses a use that the state of the version does not allow. */
export function assertUsable({ version, attributes, operations }: KeyVersion, operation: string, now: number): void {
  const refused = (innerCode: string, why: string) => {
    throw new AzureRefusal(403, 'Forbidden', `Operation ${operation} is not allowed on ${why} (${version}).`, innerCode)
  }
  if (!operations.includes(operation)) refused('KeyOperationForbidden', 'this key')
  if (!attributes.enabled && !OF_PUBLIC_KEY.includes(operation)) refused('KeyDisabled', 'a disabled key')
  if (AFTER_EXPIRY.includes(operation)) return
  const { nbf = 0, exp = Number.POSITIVE_INFINITY } = attributes
  if (now < nbf * 1_000) refused('KeyNotYetValid', 'a key that is not yet valid')
  if (now >= exp * 1_000) refused('KeyExpired', 'an expired key')
}

export function encrypt({ publicKey }: KeyVersion, alg: unknown, value: Uint8Array): Buffer {
  return attempt(() => publicEncrypt({ key: publicKey, ...paddingOf(publicKey, alg) }, value))
}

export function decrypt({ privateKey }: KeyVersion, alg: unknown, value: Uint8Array): Buffer {
  return attempt(() => privateDecrypt({ key: privateKey, ...paddingOf(privateKey, alg) }, value))
}

/** Only ES256: keys of RSA do not sign here. */
export function sign({ privateKey }: KeyVersion, alg: unknown, digest: Uint8Array): Buffer {
  assertEs256(privateKey, alg, digest)
  return signDigest(privateKey, digest)
}

export function verify({ privateKey }: KeyVersion, alg: unknown, digest: Uint8Array, signature: Uint8Array): boolean {
  assertEs256(privateKey, alg, digest)
  return verifiesDigest(privateKey, digest, signature)
}

function paddingOf({ asymmetricKeyType }: KeyObject, alg: unknown) {
  const padding = PADDINGS[String(alg)]
  if (asymmetricKeyType === 'rsa' && padding) return padding
  throw badParameter('the algorithm is not one of this key')
}

function assertEs256({ asymmetricKeyType }: KeyObject, alg: unknown, digest: Uint8Array): void {
  if (asymmetricKeyType === 'ec' && alg === 'ES256' && digest.length === DIGEST_BYTES) return
  throw badParameter('expected ES256 of 32 bytes')
}

function attempt<T>(use: () => T): T {
  try {
    return use()
  } catch {
    throw badParameter('The parameter is incorrect.')
  }
}
