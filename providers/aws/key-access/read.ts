import type { KeyAccess } from '../../../src/kms/key-access.js'
import type { CallOptions } from '../../../src/kms/provider.js'
import { listAt, textAt } from '../../../src/kms/untrusted-json.js'
import type { AwsKeyInquiries, AwsKms } from '../client.js'
import { connectAwsClient } from '../connect.js'
import { correlate } from '../correlation.js'
import { awsFailureOf } from '../errors.js'
import { exchange } from '../exchange.js'
import { keyArnOf, storedIdOf } from '../key-arn.js'
import { reported } from '../reported.js'
import { readAccount } from './connect-iam.js'
import type { AccountDetails } from './identities.js'
import { awsPrincipals } from './principals.js'

type Client = AwsKms & AwsKeyInquiries

const LIMITS = [
  'AWS: who may assume a role, or change its policies, is not followed: whoever may is as good as the role.',
  'AWS: service control policies, session policies and policies of VPC endpoints only take away, and are not looked at.',
]

/** Key policy and grants of each key of the section, and IAM of their account once. */
export async function readAwsKeyAccess(
  section: Readonly<Record<string, unknown>>,
  options: CallOptions,
): Promise<readonly KeyAccess[]> {
  const { client, key, region, previousKeys = [], grantTokens = [] } = await connectAwsClient(section)
  correlate(client)
  const found: KeyAccess[] = []
  let account: Promise<AccountDetails> | undefined
  for (const each of [key, ...previousKeys]) {
    const KeyId = keyArnOf(storedIdOf(each), region)
    const request = { KeyId, GrantTokens: [...grantTokens] }
    const described = await exchange('DescribeKey', options, (passed) => client.describeKey(request, passed))
    const { Arn: keyArn = KeyId, MultiRegion } = described.KeyMetadata ?? {}
    const unread: string[] = []
    const attempt = async <T>(what: string, read: () => Promise<T>): Promise<T | undefined> => {
      try {
        return await read()
      } catch (error) {
        unread.push(`${what} of ${keyArn} could not be read: ${reasonOf(error)}`)
        return undefined
      }
    }
    const documents = {
      keyArn,
      keyPolicy: await attempt('the key policy (GetKeyPolicy)', () => readKeyPolicy(client, keyArn, options)),
      grants: await attempt('the grants (ListGrants)', () => readGrants(client, keyArn, options)),
      iam: await attempt('IAM of the account (GetAccountAuthorizationDetails)', async () => {
        account ??= readAccount(region)
        return ofAccount(await account, keyArn.split(':')[4]!)
      }),
    }
    const { principals, unread: unknown } = awsPrincipals(documents)
    const replicas =
      'of a multi-Region key each replica has a key policy and grants of its own; those of the others were not read'
    found.push({
      ...{ provider: 'aws', kekId: storedIdOf(keyArn), principals, limits: LIMITS },
      unread: [...unread, ...unknown, ...(MultiRegion ? [`${keyArn}: ${replicas}`] : [])],
    })
  }
  return found
}

async function readKeyPolicy(client: Client, KeyId: string, options: CallOptions): Promise<string> {
  const request = { KeyId, PolicyName: 'default' } as const
  const { Policy } = await reported('GetKeyPolicy', options, (passed) => client.getKeyPolicy(request, passed))
  return Policy ?? ''
}

async function readGrants(client: Client, KeyId: string, options: CallOptions): Promise<readonly unknown[]> {
  const grants: unknown[] = []
  let Marker: string | undefined
  do {
    const request = { KeyId, Limit: 100, ...(Marker && { Marker }) }
    const page = await reported('ListGrants', options, (passed) => client.listGrants(request, passed))
    grants.push(...listAt(page, 'Grants'))
    Marker = textAt(page, 'NextMarker')
  } while (Marker !== undefined)
  return grants
}

/** Credentials of another account see that account's IAM, and would be told nothing of the key's. */
function ofAccount(details: AccountDetails, account: string): AccountDetails {
  const holders = [...details.RoleDetailList, ...details.UserDetailList]
  if (holders.length > 0 && holders.every((each) => textAt(each, 'Arn')?.split(':')[4] === account)) return details
  throw new OtherAccount(`these credentials are not of the account ${account}`)
}

class OtherAccount extends Error {}

function reasonOf(error: unknown): string {
  if (error instanceof OtherAccount) return error.message
  const { code } = (error ?? {}) as { readonly code?: unknown }
  if (code === 'ERR_MODULE_NOT_FOUND') return 'it needs the AWS SDK: npm install @aws-sdk/client-iam'
  return awsFailureOf(error).status
}
