import type { AllowedPrincipal } from '../../../src/kms/key-access.js'
import { objectAt, textAt } from '../../../src/kms/untrusted-json.js'
import type { ResourcePolicy } from '../inherited-policies.js'
import { namedOf } from './members.js'
import { DELEGATED, rightsOf, watchedIn } from './rights.js'

/** What a role allows, or why that is not known. */
export type Role = { readonly permissions: readonly string[] } | { readonly unread: string }

/** What Google Cloud says about one key: the policies of the key and of all above it, and the roles in them, by name. */
export interface GcpDocuments {
  readonly policies: readonly ResourcePolicy[]
  readonly roles: ReadonlyMap<string, Role>
}

/** Who may use the key: a rule for each member of each binding. What is not understood is `unread`; nothing makes the list shorter. */
export function gcpPrincipals({ policies, roles }: GcpDocuments): {
  readonly principals: readonly AllowedPrincipal[]
  readonly unread: readonly string[]
} {
  const unread: string[] = []
  const principals = policies.flatMap(({ resource, policy }) =>
    bindingsOf(policy).flatMap((binding) => {
      const [role, members] = [textAt(binding, 'role'), objectAt(binding)?.['members']]
      if (role !== undefined && Array.isArray(members)) {
        const found = roles.get(role) ?? { unread: 'it was not asked for' }
        return members.flatMap((member) => ruleOf({ resource, binding, role, found }, String(member)))
      }
      unread.push(`a binding in the policy of ${resource} is not of the form that is known`)
      return []
    }),
  )
  return { principals, unread }
}

/** The names of the roles that policies give. */
export function rolesIn(policies: readonly ResourcePolicy[]): ReadonlySet<string> {
  return new Set(policies.flatMap(({ policy }) => bindingsOf(policy).flatMap((each) => textAt(each, 'role') ?? [])))
}

/** A policy may have none. Anything else in their place is one that is not understood. */
function bindingsOf({ bindings = [] }: ResourcePolicy['policy']): readonly unknown[] {
  return Array.isArray(bindings) ? bindings : [bindings]
}

interface Given {
  readonly resource: string
  readonly binding: unknown
  readonly role: string
  readonly found: Role
}

function ruleOf({ resource, binding, role, found }: Given, member: string): AllowedPrincipal[] {
  const watched = watchedIn(resource)
  const isUnread = 'unread' in found
  const permissions = isUnread ? watched : watched.filter((each) => found.permissions.includes(each))
  if (permissions.length === 0) return []
  const named = namedOf(member)
  const may = rightsOf(permissions)
  const isDelegated = permissions.includes(DELEGATED) && permissions.every((each) => !each.endsWith('.useToDecrypt'))
  const condition = objectAt(binding, 'condition')
  return [
    {
      ...named,
      ...{ may, permissions, via: `${role} on ${resource}` },
      conditions: condition ? [textAt(condition, 'expression') ?? JSON.stringify(condition)] : [],
      doubts: [
        ...named.doubts,
        ...(isUnread ? [`the role ${role} could not be read (${found.unread}): it may allow none of this`] : []),
        ...(isDelegated ? ['he may decrypt through other services of Google Cloud alone'] : []),
      ],
    },
  ]
}
