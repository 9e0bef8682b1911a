import { randomBytes } from 'node:crypto'
import { type AccessFinding, type AccessRole, judgePermissions, type Permission } from '../../src/kms/access.js'
import type { AwsKeyInquiries, AwsKeyMetadata, AwsKms } from './client.js'
import { connectAwsClient } from './connect.js'
import { awsFailureOf } from './errors.js'
import { keyArnOf, storedIdOf } from './key-arn.js'

type Client = AwsKms & AwsKeyInquiries

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
): Promise<readonly AccessFinding[]> {
  const { client, key, region, grantTokens = [] } = await connectAwsClient(section)
  const described = await client
    .describeKey({ KeyId: key, GrantTokens: [...grantTokens] })
    .then(({ KeyMetadata }) => KeyMetadata ?? {}, awsFailureOf)
  if ('failure' in described) {
    return [
      {
        code: 'ACCESS_MISSING',
        message: `DescribeKey of "${key}" answered ${described.status}`,
        remedy: 'allow kms:DescribeKey, or mend the key; what else is allowed was not asked',
      },
    ]
  }
  const keyArn = described.Arn ?? keyArnOf(storedIdOf(key), region)
  const found = await askPermissions(client, keyArn, [...grantTokens])
  return [
    ...suitability(keyArn, described),
    ...judgePermissions({ provider: 'aws', role, needs: NEEDS[role], found }),
    ...(await rotation(client, keyArn)),
  ]
}

async function askPermissions(client: Client, KeyId: string, GrantTokens: string[]): Promise<Map<string, Permission>> {
  const EncryptionContext = {
    'waxseal-entity': 'waxseal-doctor',
    'waxseal-envelope': randomBytes(16).toString('base64url'),
  }
  const common = { KeyId, EncryptionContext, GrantTokens, DryRun: true }
  // No ciphertext of the key is at hand where nothing may be encrypted: permission is looked at before the ciphertext is.
  const canary = randomBytes(48)
  const asked = {
    'kms:GenerateDataKey': () => client.generateDataKey({ ...common, KeySpec: 'AES_256' }),
    'kms:Encrypt': () => client.encrypt({ ...common, Plaintext: canary }),
    'kms:Decrypt': () =>
      client.decrypt({ ...common, CiphertextBlob: canary, EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' }),
    'kms:ReEncrypt': () =>
      client.reEncrypt({
        CiphertextBlob: canary,
        SourceKeyId: KeyId,
        SourceEncryptionContext: EncryptionContext,
        DestinationKeyId: KeyId,
        DestinationEncryptionContext: EncryptionContext,
        GrantTokens,
        DryRun: true,
      }),
  }
  const answers = await Promise.all(
    Object.entries(asked).map(async ([operation, ask]): Promise<[string, Permission]> => {
      return [operation, await ask().then(() => 'yes', permissionOf)]
    }),
  )
  return new Map(answers)
}

function permissionOf(error: unknown): Permission {
  if ((error as { name?: unknown } | null)?.name === 'DryRunOperationException') return 'yes'
  const { failure } = awsFailureOf(error)
  if (failure === 'denied') return 'no'
  // It got as far as the ciphertext, which is none.
  return failure === 'not opened' ? 'yes' : 'unknown'
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

async function rotation(client: Client, KeyId: string): Promise<AccessFinding[]> {
  try {
    const { KeyRotationEnabled } = await client.getKeyRotationStatus({ KeyId })
    if (KeyRotationEnabled) return []
    const remedy = `aws kms enable-key-rotation --key-id ${KeyId}`
    return [{ code: 'KEK_NOT_ROTATED', message: `${KeyId}: automatic rotation is off`, remedy }]
  } catch (error) {
    const message = `whether automatic rotation is on: GetKeyRotationStatus answered ${awsFailureOf(error).status}`
    return [{ code: 'ACCESS_UNPROVEN', message, remedy: 'an auditor may ask; others do without' }]
  }
}
