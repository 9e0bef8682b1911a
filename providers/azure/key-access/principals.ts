import type { AllowedPrincipal } from '../../../src/kms/key-access.js'
import { listAt, objectAt } from '../../../src/kms/untrusted-json.js'
import { ruleOfAccessPolicy } from './access-policies.js'
import type { Authorization } from './permissions.js'
import { type RoleDefinitions, ruleOfAssignment } from './role-assignments.js'

/** What Azure says about a vault and one of its keys, as it says it. */
export interface AzureDocuments {
  /** Undefined: it was not read. */
  readonly vault: unknown
  /** At the key and above. */
  readonly assignments: readonly unknown[]
  readonly roles: RoleDefinitions
}

/** Who may use the key by these documents. What is not understood is `unread`; nothing makes the list shorter. */
export function azurePrincipals({ vault, assignments, roles }: AzureDocuments): {
  readonly principals: readonly AllowedPrincipal[]
  readonly unread: readonly string[]
} {
  const authorization = authorizationOf(vault)
  // By roles alone is by no access policies, which a vault may still have.
  const policies = authorization === 'roles' ? [] : listAt(vault, 'properties', 'accessPolicies')
  const isKnown = vault === undefined || authorization !== 'unknown'
  const rules = [
    ...(isKnown ? [] : ['the vault is not of the form that is known']),
    ...policies.map(ruleOfAccessPolicy),
    ...assignments.map((each) => ruleOfAssignment(each, roles, authorization)),
  ]
  return {
    principals: rules.filter((rule) => typeof rule === 'object'),
    unread: [...new Set(rules.filter((rule) => typeof rule === 'string'))],
  }
}

/** Vaults go by access policies unless they say otherwise. */
function authorizationOf(vault: unknown): Authorization {
  const properties = objectAt(vault, 'properties')
  if (!properties) return 'unknown'
  if (properties['enableRbacAuthorization'] === true) return 'roles'
  return Array.isArray(properties['accessPolicies']) ? 'access policies' : 'unknown'
}
