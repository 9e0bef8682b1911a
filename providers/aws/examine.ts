import { randomBytes } from 'node:crypto'
import type { AccessFinding, AccessRole } from '../../src/kms/access.js'
import type { AwsKeyInquiries, AwsKeyMetadata, AwsKms } from './client.js'
import { connectAwsClient } from './connect.js'
import { awsFailureOf } from './errors.js'
import { keyArnOf, storedIdOf } from './key-arn.js'

type Client = AwsKms & AwsKeyInquiries
type Permission = 'yes' | 'no' | 'unknown'

/** What each role has to be allowed; everything else of the list is more than it needs. */
const NEEDS: Readonly<Record<AccessRole, readonly string[]>> = {
  writer: ['GenerateDataKey', 'Encrypt', 'Decrypt'],
  reader: ['Decrypt'],
  rotator: ['Encrypt', 'Decrypt', 'ReEncrypt'],
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
  const permissions = await askPermissions(client, keyArn, [...grantTokens])
  return [...suitability(keyArn, described), ...judge(role, permissions), ...(await rotation(client, keyArn))]
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
    GenerateDataKey: () => client.generateDataKey({ ...common, KeySpec: 'AES_256' }),
    Encrypt: () => client.encrypt({ ...common, Plaintext: canary }),
    Decrypt: () => client.decrypt({ ...common, CiphertextBlob: canary, EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' }),
    ReEncrypt: () =>
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

function judge(role: AccessRole, permissions: ReadonlyMap<string, Permission>): AccessFinding[] {
  const needs = NEEDS[role]
  const listed = (permission: Permission, needed: boolean) =>
    [...permissions].flatMap(([operation, found]) =>
      found === permission && needs.includes(operation) === needed ? [`kms:${operation}`] : [],
    )
  const [missing, excessive] = [listed('no', true), listed('yes', false)]
  const unknown = [...listed('unknown', true), ...listed('unknown', false)]
  const findings: AccessFinding[] = []
  if (missing.length > 0) {
    const message = `a ${role} needs ${missing.join(', ')}, which this identity may not`
    findings.push({ code: 'ACCESS_MISSING', message, remedy: `grant what "waxseal policy aws --role ${role}" prints` })
  }
  if (excessive.length > 0) {
    const message = `a ${role} does without ${excessive.join(', ')}, which this identity may`
    findings.push({ code: 'ACCESS_EXCESSIVE', message, remedy: 'take it away: what nobody may, nobody can misuse' })
  }
  if (unknown.length > 0) {
    const message = `whether this identity may ${unknown.join(', ')} could not be found out`
    findings.push({ code: 'ACCESS_UNPROVEN', message, remedy: 'run it again, or compare the policy by hand' })
  }
  if (findings.length > 0) return findings
  const allowed = needs.map((operation) => `kms:${operation}`).join(', ') || 'no use of the key'
  return [{ code: 'ACCESS_AS_NEEDED', message: `a ${role} may ${allowed}, and no more`, remedy: 'nothing to do' }]
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
