import { expect, test } from '@jest/globals'
import { AwsProvider } from '../../providers/aws/index.js'
import type { AccessRole } from '../../src/kms/access.js'
import type { KmsProvider } from '../../src/kms/provider.js'
import { type ServerLimits, withLimits } from '../contract/server-limits.js'
import { awsClient, awsUnderTest } from '../providers/aws-under-test.js'
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
} else declareNotRun('policies for AWS on LocalEmu', VARIABLE)
