import type { AllowedPrincipal } from '../../../src/kms/key-access.js'
import { listAt, objectAt, textAt } from '../../../src/kms/untrusted-json.js'
import { withoutDenied } from './denials.js'
import { type AccountDetails, type Identity, identitiesOf } from './identities.js'
import { accountOf, namedOf } from './names.js'
import { allowedBy, allowedByGrant, type Rule, rightsOf } from './rules.js'
import { type NamedPrincipal, type Statement, statementsOf } from './statements.js'

/** What AWS says about one key, as it says it. Undefined: it was not read. */
export interface AwsDocuments {
  readonly keyArn: string
  readonly keyPolicy: string | undefined
  readonly grants: readonly unknown[] | undefined
  readonly iam: AccountDetails | undefined
}

/** Who may use the key by these documents. A document that is not understood is `unread`; nothing makes the list shorter. */
export function awsPrincipals({ keyArn, keyPolicy, grants, iam }: AwsDocuments): {
  readonly principals: readonly AllowedPrincipal[]
  readonly unread: readonly string[]
} {
  const parsed = keyPolicy === undefined ? [] : statementsOf(keyPolicy)
  const statements = parsed ?? []
  const account = keyArn.split(':')[4]!
  const identities = iam && identitiesOf(iam)
  const rules = [
    ...statements.flatMap((statement) => rulesOf(statement, { keyArn, account, identities })),
    ...(grants ?? []).flatMap(ruleOfGrant),
  ]
  const left = rules.flatMap((rule) => withoutDenied(rule, statements, keyArn) ?? [])
  return {
    principals: left.map((rule) => ({ ...rule, may: rightsOf(rule.permissions) })),
    unread: parsed ? [] : ['the key policy is not of the form that is known'],
  }
}

interface Place {
  readonly keyArn: string
  readonly account: string
  readonly identities: readonly Identity[] | undefined
}

function rulesOf(statement: Statement, place: Place): Rule[] {
  // A key policy is about its own key, whatever it names.
  const fit = statement.coversKey(place.keyArn) === 'yes' ? 'yes' : 'maybe'
  const { permissions, conditions, doubts } = allowedBy(statement, fit)
  if (permissions.length === 0) return []
  const via = `key policy ${statement.label}`
  const rule = { permissions, conditions, doubts, via }
  const { principals = [], isAboutOthers } = statement
  if (isAboutOthers || principals.length === 0) {
    const but = principals.map(({ name }) => name).join(', ')
    return [
      { ...namedOf({ kind: 'AWS', name: '*' }), ...rule, doubts: [...doubts, `everybody but ${but || 'nobody'}`] },
    ]
  }
  return principals.flatMap((principal) => rulesOfPrincipal(principal, rule, place))
}

function rulesOfPrincipal(
  principal: NamedPrincipal,
  rule: Omit<Rule, 'principal' | 'type' | 'isMany' | 'inTrail'>,
  place: Place,
): Rule[] {
  const named = namedOf(principal)
  const account = accountOf(principal)
  const withDoubt = (doubt: string) => [{ ...named, ...rule, doubts: [...rule.doubts, doubt] }]
  if (account !== undefined && account === place.account && place.identities) {
    const root = { ...named, ...rule, type: 'root user', isMany: false, inTrail: [named.principal] }
    return [root, ...place.identities.flatMap((identity) => rulesOfIdentity(identity, rule, place.keyArn))]
  }
  if (account !== undefined) return withDoubt(`everyone whom IAM of the account ${account} allows, which was not read`)
  if (named.type === 'id') return withDoubt('what AWS writes in the place of a principal that was deleted')
  const home = /^arn:[^:]*:(?:iam|sts)::(\d{12}):/.exec(named.principal)?.[1]
  if (home === undefined || home === place.account) return [{ ...named, ...rule }]
  return withDoubt(`IAM of the account ${home} has to allow it too, and was not read`)
}

/** What the key policy leaves to IAM: as much of it as a policy of the identity allows. */
function rulesOfIdentity(
  { arn, policies, hasBoundary }: Identity,
  delegated: Omit<Rule, 'principal' | 'type' | 'isMany' | 'inTrail'>,
  keyArn: string,
): Rule[] {
  const named = namedOf({ kind: 'AWS', name: arn })
  const boundary = hasBoundary ? ['its permissions boundary may refuse it'] : []
  const own = policies.flatMap(({ statements = [] }) => statements)
  const rules = policies.flatMap(({ name, statements }): Rule[] => {
    const doubts = [...delegated.doubts, ...boundary]
    if (!statements) {
      const unread = `the policy ${name} was not read: it may allow it`
      return [{ ...named, ...delegated, via: `${delegated.via}, IAM policy ${name}`, doubts: [...doubts, unread] }]
    }
    return statements.map((statement) => {
      const allowed = allowedBy(statement, statement.coversKey(keyArn))
      return {
        ...named,
        permissions: delegated.permissions.filter((each) => allowed.permissions.includes(each)),
        conditions: [...delegated.conditions, ...allowed.conditions],
        doubts: [...doubts, ...allowed.doubts],
        via: `${delegated.via}, IAM policy ${name} ${statement.label}`,
      }
    })
  })
  return rules
    .filter(({ permissions }) => permissions.length > 0)
    .flatMap((rule) => withoutDenied(rule, own, keyArn) ?? [])
}

function ruleOfGrant(grant: unknown): Rule[] {
  const permissions = allowedByGrant(listAt(grant, 'Operations').map(String))
  if (permissions.length === 0) return []
  const name = textAt(grant, 'GranteePrincipal') ?? textAt(grant, 'GranteeServicePrincipal') ?? 'not said'
  const constraints = objectAt(grant, 'Constraints')
  return [
    {
      ...namedOf({ kind: name.endsWith('.amazonaws.com') ? 'Service' : 'AWS', name }),
      permissions,
      via: `grant ${textAt(grant, 'GrantId')}`,
      conditions: constraints ? [JSON.stringify(constraints)] : [],
      doubts: [],
    },
  ]
}
