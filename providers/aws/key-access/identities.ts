import { listAt, textAt } from '../../../src/kms/untrusted-json.js'
import { type Statement, statementsOf } from './statements.js'

export interface IdentityPolicy {
  readonly name: string
  /** Undefined: it is not there, or not understood. */
  readonly statements: readonly Statement[] | undefined
}

/** A user or a role, with every policy that speaks for it, those of its groups included. */
export interface Identity {
  readonly arn: string
  readonly policies: readonly IdentityPolicy[]
  readonly hasBoundary: boolean
}

/** Of a reply of `GetAccountAuthorizationDetails`, or of its pages together. */
export interface AccountDetails {
  readonly UserDetailList: readonly unknown[]
  readonly GroupDetailList: readonly unknown[]
  readonly RoleDetailList: readonly unknown[]
  readonly Policies: readonly unknown[]
}

export function identitiesOf(details: AccountDetails): readonly Identity[] {
  const managed = new Map(details.Policies.map((policy) => [textAt(policy, 'Arn'), defaultDocumentOf(policy)]))
  const policiesOf = (holder: unknown, inline: string, suffix = ''): readonly IdentityPolicy[] => [
    ...listAt(holder, inline).map((policy) => ({
      name: `${textAt(policy, 'PolicyName')}${suffix}`,
      statements: readable(textAt(policy, 'PolicyDocument')),
    })),
    ...listAt(holder, 'AttachedManagedPolicies').map((policy) => ({
      name: `${textAt(policy, 'PolicyArn')}${suffix}`,
      statements: readable(managed.get(textAt(policy, 'PolicyArn'))),
    })),
  ]
  const groups = new Map(
    details.GroupDetailList.map((group) => {
      const name = textAt(group, 'GroupName')
      return [name, policiesOf(group, 'GroupPolicyList', ` of the group ${name}`)]
    }),
  )
  const identity = (holder: unknown, policies: readonly IdentityPolicy[]): Identity => ({
    arn: textAt(holder, 'Arn') ?? 'without an ARN',
    policies,
    hasBoundary: textAt(holder, 'PermissionsBoundary', 'PermissionsBoundaryArn') !== undefined,
  })
  const unknownGroup = (name: unknown) => [{ name: `of the group ${String(name)}`, statements: undefined }]
  return [
    ...details.UserDetailList.map((user) => {
      const ofGroups = listAt(user, 'GroupList').flatMap((name) => groups.get(String(name)) ?? unknownGroup(name))
      return identity(user, [...policiesOf(user, 'UserPolicyList'), ...ofGroups])
    }),
    ...details.RoleDetailList.map((role) => identity(role, policiesOf(role, 'RolePolicyList'))),
  ]
}

function defaultDocumentOf(policy: unknown): string | undefined {
  const inForce = textAt(policy, 'DefaultVersionId')
  const version = listAt(policy, 'PolicyVersionList').find((each) => textAt(each, 'VersionId') === inForce)
  return textAt(version, 'Document')
}

/** IAM encodes documents as a part of a URL. */
function readable(document: string | undefined): readonly Statement[] | undefined {
  if (document === undefined) return undefined
  try {
    return statementsOf(decodeURIComponent(document))
  } catch {
    return statementsOf(document)
  }
}
