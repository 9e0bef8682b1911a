import type { AllowedPrincipal, KeyRight } from '../../../src/kms/key-access.js'
import { objectAt, textAt } from '../../../src/kms/untrusted-json.js'

/** By the permissions for keys of an access policy, in small letters: what each is worth. */
const RIGHTS: Readonly<Record<string, readonly KeyRight[]>> = {
  unwrapkey: ['decrypt'],
  decrypt: ['decrypt'],
  backup: ['decrypt'],
  release: ['decrypt'],
  import: ['administer'],
  all: ['decrypt', 'administer'],
}

/** Who may by an access policy; a text for what is none. They are about all keys of the vault, and do not say who is a group. */
export function ruleOfAccessPolicy(policy: unknown): AllowedPrincipal | string | undefined {
  const [principal, applicationId] = [textAt(policy, 'objectId'), textAt(policy, 'applicationId')]
  const written = objectAt(policy, 'permissions')?.['keys'] ?? []
  if (principal === undefined || !Array.isArray(written)) {
    return 'an access policy of the vault is not of the form that is known'
  }
  const permissions = written.map(String).filter((each) => rightsOf(each).length > 0)
  if (permissions.length === 0) return undefined
  const rights = permissions.flatMap(rightsOf)
  return {
    ...{ principal, type: 'object of the directory', isMany: false, inTrail: [principal] },
    ...{ may: (['decrypt', 'administer'] as const).filter((right) => rights.includes(right)), permissions },
    ...{ via: 'access policy of the vault', conditions: applicationId === undefined ? [] : [`by ${applicationId}`] },
    doubts: ['where it is a group, whoever is in it may, which is not read'],
  }
}

function rightsOf(permission: string): readonly KeyRight[] {
  const name = permission.toLowerCase()
  return Object.hasOwn(RIGHTS, name) ? RIGHTS[name]! : []
}
