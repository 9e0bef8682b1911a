import { ConfigurationError } from '../../src/errors.js'
import type { AccessRole, PolicyDocument, PolicyRequest } from '../../src/kms/access.js'
import { isKeyArn } from './key-arn.js'

export const AWS_POLICY_FORMATS = ['iam', 'terraform'] as const

/** What each role does with the key, and what it looks up. https://docs.aws.amazon.com/kms/latest/developerguide/kms-api-permissions-reference.html */
const ACTIONS: Readonly<Record<AccessRole, { readonly uses: readonly string[]; readonly looks: readonly string[] }>> = {
  writer: { uses: ['kms:GenerateDataKey', 'kms:Encrypt', 'kms:Decrypt'], looks: ['kms:DescribeKey'] },
  reader: { uses: ['kms:Decrypt'], looks: ['kms:DescribeKey'] },
  rotator: {
    uses: ['kms:ReEncryptFrom', 'kms:ReEncryptTo', 'kms:Encrypt', 'kms:Decrypt'],
    looks: ['kms:DescribeKey'],
  },
  auditor: {
    uses: [],
    looks: [
      ...['kms:DescribeKey', 'kms:GetKeyRotationStatus', 'kms:ListKeyRotations', 'kms:ListResourceTags'],
      // Who else may.
      ...['kms:GetKeyPolicy', 'kms:ListGrants'],
    ],
  },
}
/** To mirror the audit trail, and to see whether it can be relied on. None of them can be bound to a trail. */
const TRAIL_ACTIONS = [
  ...['cloudtrail:LookupEvents', 'cloudtrail:GetTrail', 'cloudtrail:GetTrailStatus'],
  ...['cloudtrail:GetEventSelectors', 'cloudtrail:ListPublicKeys'],
]
/** Whom the account lets use the key, where the key policy leaves that to IAM. */
const ACCOUNT_ACTIONS = ['iam:GetAccountAuthorizationDetails']
/** The canary of `waxseal doctor`. */
const DOCTOR = 'waxseal-doctor'

/** An IAM policy for the role, on the key alone, and for the entities alone where they are named. */
export function awsPolicy({ role, key, entities, format = 'iam' }: PolicyRequest): PolicyDocument[] {
  if (!isKeyArn(key)) {
    throw new ConfigurationError(
      `provider "aws": a policy names a key by its ARN (arn:aws:kms:<region>:<account>:key/<id>), found "${key}"; ` +
        '"aws kms describe-key --key-id <alias>" prints it',
    )
  }
  const policy = { Version: '2012-10-17', Statement: statements(role, key, entities) }
  const json = JSON.stringify(policy, null, 2)
  if (format === 'terraform') return [{ title: `aws_iam_policy for the ${role}`, text: terraform(role, json) }]
  return [{ title: `IAM policy for the ${role}`, text: `${json}\n` }]
}

function statements(role: AccessRole, key: string, entities: readonly string[]): object[] {
  const { uses, looks } = ACTIONS[role]
  const Condition = entities.length > 0 && {
    Condition: { StringEquals: { 'kms:EncryptionContext:waxseal-entity': [...entities, DOCTOR] } },
  }
  const account = { Sid: 'WaxsealAccount', Effect: 'Allow', Action: ACCOUNT_ACTIONS, Resource: '*' }
  const trail = { Sid: 'WaxsealTrail', Effect: 'Allow', Action: TRAIL_ACTIONS, Resource: '*' }
  return [
    ...(uses.length > 0 ? [{ Sid: 'WaxsealUse', Effect: 'Allow', Action: uses, Resource: key, ...Condition }] : []),
    { Sid: 'WaxsealLook', Effect: 'Allow', Action: looks, Resource: key },
    ...(role === 'auditor' ? [trail, account] : []),
  ]
}

function terraform(role: AccessRole, json: string): string {
  return `resource "aws_iam_policy" "waxseal_${role}" {
  name   = "waxseal-${role}"
  policy = <<-POLICY
${json.replaceAll(/^/gm, '    ')}
  POLICY
}
`
}
