import { expect, test } from '@jest/globals'
import { AwsProvider } from '../../providers/aws/index.js'
import { readAwsKeyAccess } from '../../providers/aws/key-access/read.js'
import type { AccessRole } from '../../src/kms/access.js'
import type { KmsProvider } from '../../src/kms/provider.js'
import { type ServerLimits, withLimits } from '../contract/server-limits.js'
import { type AwsCredentials, awsClient, awsUnderTest } from '../providers/aws-under-test.js'
import { AwsIam } from './aws-iam.js'
import { declareNotRun } from './not-run.js'
import { frontOf } from './server-of.js'

/** What an identity may do with the policy that `waxseal policy aws` prints, by an IAM that enforces it. */
const VARIABLE = 'WAXSEAL_TEST_LOCALEMU_ENDPOINT'

/** The uses of the KEK that each role may make, and the KMS's refusal of every other. */
const MAY: Readonly<Record<AccessRole, readonly string[]>> = {
  writer: ['generateDataKey', 'wrap', 'unwrap'],
  reader: ['unwrap'],
  rotator: ['wrap', 'unwrap', 'rewrap'],
  auditor: [],
}
const LIMITS: ServerLimits = new Map([
  [
    'the role rotator may do what its policy says',
    // What it may by the policy, and may not here, stands in the difference of the two lists.
    { why: 'asks for ReEncrypt on all keys, whichever are named', fails: /-.*"rewrap"/ },
  ],
  [
    'a writer of one entity may use its envelopes',
    { why: 'knows no condition on the encryption context', fails: /-.*"generateDataKey"/ },
  ],
])
const CONTEXT = { 'waxseal-entity': 'credential', tenant: 'a' }

const server = await frontOf('aws', VARIABLE)
if (server) {
  const iam = new AwsIam(process.env[VARIABLE]!)
  const declare = withLimits((title, run) => test(`LocalEmu: ${title}`, run), LIMITS)

  const setUp = async (role: AccessRole, entities: readonly string[] = []) => {
    const operator = await awsUnderTest(server, { identityFor: (key) => iam.service(key) })
    const { dataKey, wrapped } = await operator.provider.generateDataKey(CONTEXT)
    const key = wrapped.kek.id
    const client = awsClient(server, await iam.identity(key, [role], entities))
    const provider: KmsProvider = new AwsProvider({ client, region: 'us-east-1', key })
    const uses = {
      generateDataKey: () => provider.generateDataKey(CONTEXT),
      wrap: () => provider.wrap(dataKey, CONTEXT),
      unwrap: () => provider.unwrap(wrapped, CONTEXT),
      rewrap: () => provider.rewrap(wrapped, CONTEXT),
    }
    return { provider, uses }
  }
  const allowed = async (uses: Readonly<Record<string, () => Promise<unknown>>>) => {
    const outcomes = Object.entries(uses).map(([name, use]) =>
      use().then(
        () => [name],
        (error) => {
          expect(error).toMatchObject({ code: 'ERR_KMS_ACCESS_DENIED' })
          return []
        },
      ),
    )
    return (await Promise.all(outcomes)).flat()
  }

  for (const role of Object.keys(MAY) as AccessRole[]) {
    declare(`policy: the role ${role} may do what its policy says`, async () => {
      const { provider, uses } = await setUp(role)
      expect(await allowed(uses)).toEqual(MAY[role])
      await expect(provider.currentKek(CONTEXT)).resolves.toBeDefined()
    })
  }

  declare('policy: a writer of one entity may use its envelopes', async () => {
    const { uses } = await setUp('writer', [CONTEXT['waxseal-entity']])
    expect(await allowed(uses)).toEqual(MAY.writer)
  })

  declare('policy: a writer of another entity may use none of these', async () => {
    const { uses } = await setUp('writer', ['token'])
    expect(await allowed(uses)).toEqual([])
  })

  test('LocalEmu: who may use a key, by its policy, its grants and IAM', async () => {
    const endpoint = process.env[VARIABLE]!
    const kms = awsClient(server)
    const { KeyMetadata } = await kms.createKey({})
    const key = KeyMetadata!.Arn!
    const reader = await iam.identity(key, ['reader'])
    const auditor = await iam.identity(key, ['auditor'])
    const GranteePrincipal = 'arn:aws:iam::000000000000:role/granted'
    await kms.createGrant({ KeyId: key, GranteePrincipal, Operations: ['Decrypt'] })
    const section = { key, endpoint, region: 'us-east-1' }
    const as = async ({ accessKeyId, secretAccessKey }: AwsCredentials) => {
      const credentials = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey }
      const before = { ...process.env }
      Object.assign(process.env, { ...credentials, AWS_ENDPOINT_URL_IAM: endpoint })
      try {
        return await readAwsKeyAccess(section, {})
      } finally {
        process.env = before
      }
    }
    const [byAuditor] = await as(auditor)
    expect(byAuditor).toMatchObject({ provider: 'aws', kekId: key, unread: [] })
    const decrypting = byAuditor!.principals
      .filter(({ may }) => may.includes('decrypt'))
      .map(({ principal }) => principal)
    expect(decrypting).toEqual(expect.arrayContaining([GranteePrincipal, reader.arn]))
    expect(decrypting).not.toContain(auditor.arn)
    // Who may not look is told so, and gets no list that looks complete.
    await auditor.deny()
    await expect(as(auditor)).rejects.toMatchObject({ code: 'ERR_KMS_ACCESS_DENIED' })
    const [byReader] = await as(reader)
    expect(byReader!.unread).toEqual([
      expect.stringContaining('the key policy'),
      expect.stringContaining('the grants'),
      expect.stringContaining('IAM of the account'),
    ])
    await iam.restore()
  })
} else declareNotRun('policies for AWS on LocalEmu', VARIABLE)
