import { randomBytes } from 'node:crypto'
import { type AccessFinding, type AccessRole, judgePermissions, type Permission } from '../../src/kms/access.js'
import type { CallOptions } from '../../src/kms/provider.js'
import { vendorError } from '../../src/kms/vendor-failure.js'
import type { AwsCallOptions, AwsKeyInquiries, AwsKeyMetadata, AwsKms, AwsReply } from './client.js'
import { connectAwsClient } from './connect.js'
import { correlate } from './correlation.js'
import { type AwsFailure, awsFailureOf, DRY_RUN } from './errors.js'
import { keyArnOf, storedIdOf } from './key-arn.js'
import { reported } from './reported.js'

type Client = AwsKms & AwsKeyInquiries

/** The reply, or what the KMS refused with. */
type Ask = <T extends AwsReply>(
  operation: string,
  call: (passed: AwsCallOptions) => Promise<T>,
) => Promise<T | AwsFailure>

/** What each role has to be allowed; everything else of the list is more than it needs. */
const NEEDS: Readonly<Record<AccessRole, readonly string[]>> = {
  writer: ['kms:GenerateDataKey', 'kms:Encrypt', 'kms:Decrypt'],
  reader: ['kms:Decrypt'],
  rotator: ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt'],
  auditor: [],
}

/**
 * Asks AWS KMS with `DryRun`: it answers whether a call would be allowed, uses no key and is in CloudTrail as a dry run. A
 * server without `DryRun` does what it is asked, with a canary.
 */
export async function examineAws(
  section: Readonly<Record<string, unknown>>,
  role: AccessRole,
  options: CallOptions,
): Promise<readonly AccessFinding[]> {
  const { client, key, region, grantTokens = [] } = await connectAwsClient(section)
  correlate(client)
  const ask: Ask = (operation, call) => reported(operation, options, call).catch((error) => refusalOf(operation, error))
  const request = { KeyId: key, GrantTokens: [...grantTokens] }
  const described = await ask('DescribeKey', (passed) => client.describeKey(request, passed))
  if ('failure' in described) {
    return [
      {
        code: 'ACCESS_MISSING',
        message: `DescribeKey of "${key}" answered ${described.status}`,
        remedy: 'allow kms:DescribeKey, or mend the key; what else is allowed was not asked',
      },
    ]
  }
  const { KeyMetadata = {} } = described
  const keyArn = KeyMetadata.Arn ?? keyArnOf(storedIdOf(key), region)
  const found = await askPermissions(client, ask, keyArn, [...grantTokens])
  return [
    ...suitability(keyArn, KeyMetadata),
    ...judgePermissions({ provider: 'aws', role, needs: NEEDS[role], found }),
    ...(await rotation(client, ask, keyArn)),
  ]
}

/** Who was not answered knows nothing. */
function refusalOf(operation: string, error: unknown): AwsFailure {
  const refusal = awsFailureOf(error)
  if (refusal.replied) return refusal
  throw vendorError(refusal.failure, { provider: 'aws', operation, status: refusal.status })
}

async function askPermissions(
  client: Client,
  ask: Ask,
  KeyId: string,
  GrantTokens: string[],
): Promise<Map<string, Permission>> {
  const EncryptionContext = {
    'waxseal-entity': 'waxseal-doctor',
    'waxseal-envelope': randomBytes(16).toString('base64url'),
  }
  const common = { KeyId, EncryptionContext, GrantTokens, DryRun: true }
  // No ciphertext of the key is at hand where nothing may be encrypted: permission is looked at before the ciphertext is.
  const canary = randomBytes(48)
  const dataKey = { ...common, KeySpec: 'AES_256' as const }
  const ciphertext = { ...common, CiphertextBlob: canary, EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' as const }
  const rewrap = {
    CiphertextBlob: canary,
    SourceKeyId: KeyId,
    SourceEncryptionContext: EncryptionContext,
    DestinationKeyId: KeyId,
    DestinationEncryptionContext: EncryptionContext,
    GrantTokens,
    DryRun: true,
  }
  const answers = await Promise.allSettled([
    ask('GenerateDataKey', (passed) => client.generateDataKey(dataKey, passed)),
    ask('Encrypt', (passed) => client.encrypt({ ...common, Plaintext: canary }, passed)),
    ask('Decrypt', (passed) => client.decrypt(ciphertext, passed)),
    ask('ReEncrypt', (passed) => client.reEncrypt(rewrap, passed)),
  ])
  return new Map(
    answers.map((answer, index) => {
      if (answer.status === 'rejected') throw answer.reason
      return [ASKED[index] as string, permissionOf(answer.value)]
    }),
  )
}

const ASKED = ['kms:GenerateDataKey', 'kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt'] as const

function permissionOf(answer: AwsReply | AwsFailure): Permission {
  if (!('failure' in answer) || answer.status === DRY_RUN) return 'yes'
  if (answer.failure === 'denied') return 'no'
  // It got as far as the ciphertext, which is none.
  return answer.failure === 'not opened' ? 'yes' : 'unknown'
}

function suitability(keyArn: string, { KeySpec, KeyUsage, KeyState }: AwsKeyMetadata): AccessFinding[] {
  const problems = [
    ...(KeySpec !== 'SYMMETRIC_DEFAULT' ? [`its type is ${KeySpec}, expected SYMMETRIC_DEFAULT`] : []),
    ...(KeyUsage !== 'ENCRYPT_DECRYPT' ? [`its usage is ${KeyUsage}, expected ENCRYPT_DECRYPT`] : []),
    ...(KeyState !== 'Enabled' ? [`its state is ${KeyState}, expected Enabled`] : []),
  ]
  if (problems.length === 0) return []
  const remedy = 'configure a symmetric encryption key that is enabled'
  return [{ code: 'KEK_UNSUITABLE', message: `${keyArn}: ${problems.join('; ')}`, remedy }]
}

async function rotation(client: Client, ask: Ask, KeyId: string): Promise<AccessFinding[]> {
  const answer = await ask('GetKeyRotationStatus', (passed) => client.getKeyRotationStatus({ KeyId }, passed))
  if ('failure' in answer) {
    const message = `whether automatic rotation is on: GetKeyRotationStatus answered ${answer.status}`
    return [{ code: 'ACCESS_UNPROVEN', message, remedy: 'an auditor may ask; others do without' }]
  }
  if (answer.KeyRotationEnabled) return []
  const remedy = `aws kms enable-key-rotation --key-id ${KeyId}`
  return [{ code: 'KEK_NOT_ROTATED', message: `${KeyId}: automatic rotation is off`, remedy }]
}
