import { administer } from './administration.js'
import { checksumOf, isVerified } from './checksum.js'
import { decryptUnder, encryptUnder } from './ciphertext.js'
import type { Message } from './grpc.js'
import { assertAllowed, bindingsOf, isAllowed, policyOf } from './iam.js'
import {
  assertEnabled,
  type Keys,
  type TestCryptoKey,
  type TestKeyRing,
  type TestVersion,
  versionNameOf,
} from './keys.js'
import { FAILED_PRECONDITION, GcpRefusal, INVALID_ARGUMENT, UNIMPLEMENTED } from './refusal.js'
import { publicKeyOf, signUnder } from './signatures.js'

/** What an operation works on. */
export interface GcpCall {
  readonly operation: string
  readonly request: Message
  readonly identity: string
  readonly keys: Keys
  readonly now: Date
  /** Whether this part of the KMS still uses the version that was primary before. */
  readonly isLate: boolean
}

const MAX_BYTES = 65_536

/** https://cloud.google.com/kms/docs/reference/rpc/google.cloud.kms.v1 */
export function perform(call: GcpCall): Message {
  const { operation, request, identity, keys, now } = call
  switch (operation) {
    case 'Encrypt':
      return encrypt(call)
    case 'Decrypt':
      return decrypt(call)
    case 'AsymmetricSign':
    case 'GetPublicKey': {
      const { key, version } = keys.version(String(request['name']))
      assertAllowed(key, identity, operation)
      return operation === 'GetPublicKey' ? publicKeyOf(key, version, now) : signUnder(key, version, request, now)
    }
    case 'GetIamPolicy':
      return policyOf(resourceOf(call).bindings, request['options'])
    case 'SetIamPolicy': {
      const resource = resourceOf(call)
      resource.bindings = bindingsOf(request['policy'] as Message)
      return { bindings: resource.bindings }
    }
    case 'TestIamPermissions': {
      const key = keys.key(String(request['resource']))
      const asked = request['permissions'] as string[]
      return { permissions: asked.filter((permission) => isAllowed(key, identity, permission)) }
    }
    default: {
      const result = administer(operation, { request, identity, keys, now })
      if (result) return result
      throw new GcpRefusal(UNIMPLEMENTED, `${operation} is not implemented by the test server.`)
    }
  }
}

/** A key or a key ring, whose policy is asked for or set. */
function resourceOf({ operation, request, identity, keys }: GcpCall): TestCryptoKey | TestKeyRing {
  const name = String(request['resource'])
  if (!name.includes('/cryptoKeys/')) return keys.ring(name)
  const key = keys.key(name)
  assertAllowed(key, identity, operation)
  return key
}

function encrypt({ operation, request, identity, keys, now, isLate }: GcpCall): Message {
  const { key, version } = target(keys, String(request['name']), isLate)
  assertAllowed(key, identity, operation)
  assertSymmetric(key)
  const [plaintext, aad] = [bytesOf(request, 'plaintext'), bytesOf(request, 'additionalAuthenticatedData')]
  const verifiedPlaintextCrc32c = isVerified('plaintext', plaintext, request['plaintextCrc32c'])
  const verifiedAdditionalAuthenticatedDataCrc32c = isVerifiedAad(request, aad)
  if (plaintext.length === 0) throw new GcpRefusal(INVALID_ARGUMENT, 'The plaintext must not be empty.')
  assertEnabled(key, version, now)
  const ciphertext = encryptUnder(key, version, plaintext, aad)
  return {
    name: versionNameOf(key, version),
    ciphertext,
    ciphertextCrc32c: { value: String(checksumOf(ciphertext)) },
    verifiedPlaintextCrc32c,
    verifiedAdditionalAuthenticatedDataCrc32c,
    protectionLevel: key.protectionLevel,
  }
}

function decrypt({ operation, request, identity, keys, now }: GcpCall): Message {
  const name = String(request['name'])
  if (name.includes('/cryptoKeyVersions/')) throw new GcpRefusal(INVALID_ARGUMENT, 'name must be that of a CryptoKey.')
  const key = keys.key(name)
  assertAllowed(key, identity, operation)
  assertSymmetric(key)
  const [ciphertext, aad] = [bytesOf(request, 'ciphertext'), bytesOf(request, 'additionalAuthenticatedData')]
  isVerified('ciphertext', ciphertext, request['ciphertextCrc32c'])
  isVerifiedAad(request, aad)
  const { plaintext, version } = decryptUnder(key, ciphertext, aad, now)
  return {
    plaintext,
    plaintextCrc32c: { value: String(checksumOf(plaintext)) },
    usedPrimary: version === key.primary,
    protectionLevel: key.protectionLevel,
  }
}

/** Of a CryptoKey its primary version, or the one that was it before. */
function target(
  keys: Keys,
  name: string,
  isLate: boolean,
): { readonly key: TestCryptoKey; readonly version: TestVersion } {
  if (name.includes('/cryptoKeyVersions/')) return keys.version(name)
  const key = keys.key(name)
  const version = (isLate ? key.previousPrimary : undefined) ?? key.primary
  if (!version) throw new GcpRefusal(FAILED_PRECONDITION, `CryptoKey ${name} has no primary version.`)
  return { key, version }
}

function isVerifiedAad(request: Message, aad: Uint8Array): boolean {
  return isVerified('additional_authenticated_data', aad, request['additionalAuthenticatedDataCrc32c'])
}

function assertSymmetric({ name, purpose }: TestCryptoKey): void {
  if (purpose === 'ENCRYPT_DECRYPT') return
  throw new GcpRefusal(FAILED_PRECONDITION, `${name} has purpose ${purpose}; expected ENCRYPT_DECRYPT.`)
}

function bytesOf(request: Message, field: string): Buffer {
  const bytes = request[field] as Buffer
  if (bytes.length <= MAX_BYTES) return bytes
  throw new GcpRefusal(INVALID_ARGUMENT, `The ${field} must be no larger than 64KiB.`)
}
