import { KMSServiceException } from '@aws-sdk/client-kms'
import type { TestKmsServer } from '../../src/testing/index.js'
import { NOT_REFUSED, type ServerLimit, type ServerLimits } from '../contract/server-limits.js'
import { awsClient } from '../providers/aws-under-test.js'
import { signsCheckpoints } from './checkpoint-signing.js'

/** What an emulator of AWS KMS does otherwise than AWS, asked with the SDK alone. */
export async function awsLimits(server: TestKmsServer): Promise<ServerLimits> {
  const kms = awsClient(server)
  const { KeyMetadata } = await kms.createKey({})
  const KeyId = KeyMetadata!.Arn!
  const limits = new Map<string, ServerLimit>()

  const generated = await kms.generateDataKey({ KeyId, KeySpec: 'AES_256', EncryptionContext: { ab: 'c' } })
  if (generated.KeyMaterialId === undefined) {
    limits.set('does not unwrap under a version other than the one that wrapped', {
      why: 'replies without KeyMaterialId',
      fails: NOT_REFUSED,
    })
  }
  const CiphertextBlob = generated.CiphertextBlob!
  const moved = kms.decrypt({ KeyId, CiphertextBlob, EncryptionContext: { a: 'bc' } })
  if (await moved.then(() => true, isNoRefusal)) {
    limits.set('does not unwrap under a context with the boundary of a name and its value moved', {
      why: 'joins names and values of the encryption context',
      fails: NOT_REFUSED,
    })
  }
  const signs = kms.createKey({ KeySpec: 'ECC_NIST_EDWARDS25519', KeyUsage: 'SIGN_VERIFY' })
  if (!(await signs.then(() => true, isNoRefusal))) {
    const why = 'knows no key of the spec ECC_NIST_EDWARDS25519'
    limits.set(signsCheckpoints('ed25519'), { why, fails: /ECC_NIST_EDWARDS25519/ })
  }
  return limits
}

function isNoRefusal(error: unknown): never | false {
  if (error instanceof KMSServiceException) return false
  throw error
}
