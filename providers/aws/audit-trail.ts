import type { ExpectedEvent, ProviderTrail } from '../../src/audit/trail/provider-trail.js'
import { storedIdOf } from './key-arn.js'
import { normalize } from './trail/normalize.js'

/** Without a Region, as of a multi-Region key, its replica that was used logs where it is. */
const PLACE = /^arn:aws[a-z-]*:kms:([a-z0-9-]+):(\d{12}):key\//

/** AWS CloudTrail. Every request that reached the KMS has an event with the request id of the reply. */
export const awsTrail: ProviderTrail = {
  logName: 'CloudTrail',
  cloudOf(scope) {
    const [account, region] = scope.split('/')
    return { provider: 'AWS', ...(account && { account: { uid: account } }), ...(region && { region }) }
  },
  normalize,
  scopeOf({ id }) {
    const [, region, account] = PLACE.exec(id) ?? []
    return region === undefined ? undefined : `${account}/${region}`
  },
  kekIdOf: ({ id }) => storedIdOf(id),
  requests: {
    currentKek: ['DescribeKey'],
    generateDataKey: ['DescribeKey', 'GenerateDataKey'],
    wrap: ['DescribeKey', 'Encrypt', 'Decrypt'],
    unwrap: ['DescribeKey', 'Decrypt'],
    rewrap: ['DescribeKey', 'ReEncrypt'],
    sign: ['Sign'],
    examine: [
      ...['DescribeKey', 'GenerateDataKey', 'Encrypt', 'Decrypt', 'ReEncrypt', 'GetKeyRotationStatus'],
      ...['GetKeyPolicy', 'ListGrants', 'GetPublicKey'],
    ],
    authenticate: [],
  },
  identifies: ['request-id', 'token'],
  isLedgerOnly: false,
  showsContext: true,
  delays: {
    suspectAfterMs: 15 * 60_000,
    missingAfterMs: 24 * 3_600_000,
    absence:
      'not seen in CloudTrail; absent from a complete trail only where digests of the hours after it were verified',
  },
  expected: [
    {
      id: 'aws-dry-run/1',
      // A test of permissions, as by `waxseal doctor`: no key was used.
      matches: ({ kind, status }) => kind === 'call' && /^DryRunOperation(Exception)?$/.test(status ?? ''),
    },
    {
      id: 'aws-service-looks/1',
      // Inventories such as AWS Config look at every key. AWS writes down itself that a service called; a name anybody can take.
      matches: ({ kind, operationClass, via }) =>
        kind === 'call' && operationClass === 'read' && /^[a-z0-9.-]+\.amazonaws\.com$/.test(via ?? ''),
    },
  ] satisfies readonly ExpectedEvent[],
  limits: [
    'a call that was refused across accounts is logged in the account of the caller alone, so that the owner of a key cannot see it',
    'plaintext, ciphertext and the replies of cryptographic operations are not logged; the encryption context is, in plain text',
    'a request that was refused before it was authenticated, such as one with a wrong signature, is not logged',
    'events are delivered 5 minutes after the call on average, without a guarantee, and corrections later',
    'LookupEvents and EventBridge carry no signature: their copies are as good as the connection that they came by; only files with verified digests prove that nothing is missing',
    'LookupEvents holds 90 days of one account and one Region',
    'a trail in S3 can leave the KMS out by its event selectors; LookupEvents cannot',
    'of an alias the event of a refused call does not say which key it meant',
  ],
  readers: {
    'cloudtrail-s3': async (section) => (await import('./trail/connect-s3.js')).connectS3(section),
    'cloudtrail-lookup': async (section) => (await import('./trail/connect-lookup.js')).connectLookup(section),
  },
}
