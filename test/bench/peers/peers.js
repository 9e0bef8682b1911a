// Other ways of encrypting one credential, each set up as its own documentation says, with its keys in this process. Here
// and not beside the suites, so that the packages are found in this folder.
import { randomBytes } from 'node:crypto'
import {
  AlgorithmSuiteIdentifier,
  buildClient,
  CommitmentPolicy,
  RawAesKeyringNode,
  RawAesWrappingSuiteIdentifier,
} from '@aws-crypto/client-node'
import { Decrypter, Encrypter, generateIdentity, identityToRecipient } from 'age-encryption'
import { CompactEncrypt, compactDecrypt } from 'jose'
import { EncryptionTransformer } from 'typeorm-encrypted'

/** Strings in, strings out: the column of a TypeORM entity. One static key, no data key. */
export function typeormEncrypted() {
  const transformer = new EncryptionTransformer({
    key: randomBytes(32).toString('hex'),
    algorithm: 'aes-256-gcm',
    ivLength: 12,
  })
  return { encrypt: (text) => transformer.to(text), decrypt: (stored) => transformer.from(stored) }
}

/** An envelope with a data key of its own, wrapped by AES-256-GCM; as signed or not as its suite says. */
function awsEncryptionSdk(options) {
  const { encrypt, decrypt } = buildClient(CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT)
  const keyring = new RawAesKeyringNode({
    keyName: 'benchmark',
    keyNamespace: 'waxseal',
    unencryptedMasterKey: randomBytes(32),
    wrappingSuite: RawAesWrappingSuiteIdentifier.AES256_GCM_IV12_TAG16_NO_PADDING,
  })
  const encryptionContext = { entity: 'credential', tenant: 'tenant-1' }
  return {
    encrypt: async (plaintext) => (await encrypt(keyring, plaintext, { ...options, encryptionContext })).result,
    decrypt: async (stored) => (await decrypt(keyring, stored)).plaintext,
  }
}

export const awsDefaultSuite = () => awsEncryptionSdk({})

export const awsUnsigned = () => {
  return awsEncryptionSdk({ suiteId: AlgorithmSuiteIdentifier.ALG_AES256_GCM_IV12_TAG16_HKDF_SHA512_COMMIT_KEY })
}

export function jose() {
  const key = randomBytes(32)
  const header = { alg: 'A256KW', enc: 'A256GCM' }
  return {
    encrypt: (plaintext) => new CompactEncrypt(plaintext).setProtectedHeader(header).encrypt(key),
    decrypt: async (stored) => (await compactDecrypt(stored, key)).plaintext,
  }
}

export async function age() {
  const identity = await generateIdentity()
  const [encrypter, decrypter] = [new Encrypter(), new Decrypter()]
  encrypter.addRecipient(await identityToRecipient(identity))
  decrypter.addIdentity(identity)
  return { encrypt: (plaintext) => encrypter.encrypt(plaintext), decrypt: (stored) => decrypter.decrypt(stored) }
}
