import type { AllowedPrincipal } from '../../../src/kms/key-access.js'
import { textAt } from '../../../src/kms/untrusted-json.js'
import { type Authorization, allowedByRole, rightsOf, watched } from './permissions.js'

/** By their ids in small letters. One that is not here was not read. */
export type RoleDefinitions = ReadonlyMap<string, unknown>

export function roleOf(assignment: unknown): string | undefined {
  return textAt(assignment, 'properties', 'roleDefinitionId')
}

/** Who may by an assignment of a role at the key or above; a text for what is none. */
export function ruleOfAssignment(
  assignment: unknown,
  roles: RoleDefinitions,
  authorization: Authorization,
): AllowedPrincipal | string | undefined {
  const [principal, id] = [textAt(assignment, 'properties', 'principalId'), roleOf(assignment)]
  if (principal === undefined || id === undefined) return 'a role assignment is not of the form that is known'
  const role = roles.get(id.toLowerCase())
  const allowed = allowedByRole(role, authorization)
  const permissions = allowed ?? watched(authorization)
  if (permissions.length === 0) return undefined
  const type = textAt(assignment, 'properties', 'principalType') ?? 'object of the directory'
  const isMany = /group/i.test(type)
  const condition = textAt(assignment, 'properties', 'condition')
  const name = textAt(role, 'properties', 'roleName') ?? id
  return {
    ...{ principal, type, isMany, inTrail: isMany ? ['*'] : [principal] },
    ...{ may: rightsOf(permissions), permissions },
    via: `role "${name}" at ${textAt(assignment, 'properties', 'scope') ?? 'a scope that is not said'}`,
    conditions: condition === undefined ? [] : [condition],
    doubts: [
      ...(allowed ? [] : ['the role was not read: it may allow all of it']),
      ...(authorization === 'unknown' ? ['the vault was not read: it may go by access policies and not by roles'] : []),
    ],
  }
}
