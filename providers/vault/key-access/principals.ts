import type { AllowedPrincipal } from '../../../src/kms/key-access.js'
import type { KeyPath } from '../key-path.js'
import { type PolicyPath, policyPathsOf } from './policy-paths.js'

/** Whoever has one of these policies: a role of an auth method. */
export interface PolicyHolder {
  readonly name: string
  readonly policies: readonly string[]
}

export interface VaultDocuments {
  readonly key: KeyPath
  readonly policies: Readonly<Record<string, string>>
  readonly holders: readonly PolicyHolder[]
}

const WRITE = ['create', 'update', 'patch', 'sudo', 'root', 'write']
const READ = ['read', 'sudo', 'root', 'write']

/** Who may use the key: a rule for each policy with a path that allows it, and for each role that has it. */
export function vaultPrincipals({ key, policies, holders }: VaultDocuments): {
  readonly principals: readonly AllowedPrincipal[]
  readonly unread: readonly string[]
} {
  const unread: string[] = []
  const rules = Object.entries(policies).flatMap(([name, text]) => {
    // It has no text: it may do everything.
    const paths = name === 'root' ? [{ pattern: '*', capabilities: ['root'], conditions: [] }] : policyPathsOf(text)
    if (!paths) unread.push(`the policy ${name} is not of a form that is known: whom it allows is not listed`)
    return paths ? rulesOf(name, paths, key) : []
  })
  const ofHolders = holders.flatMap((holder) =>
    rules
      .filter(({ principal }) => holder.policies.includes(principal))
      .map((rule) => ({ ...rule, principal: holder.name, type: 'role', via: `policy ${rule.principal}, ${rule.via}` })),
  )
  return { principals: [...rules, ...ofHolders], unread }
}

function rulesOf(policy: string, paths: readonly PolicyPath[], { mount, name }: KeyPath): AllowedPrincipal[] {
  const opening = [
    { path: `${mount}/decrypt/${name}`, capabilities: WRITE },
    { path: `${mount}/export/encryption-key/${name}`, capabilities: READ },
    { path: `${mount}/backup/${name}`, capabilities: READ },
  ]
  // With `exportable` and `allow_plaintext_backup` the key can leave; with policies anybody may do anything.
  const giving = [
    { path: `${mount}/keys/${name}/config`, capabilities: WRITE },
    { path: `sys/policies/acl/${policy}`, capabilities: WRITE },
    { path: `sys/policy/${policy}`, capabilities: WRITE },
  ]
  const watched = [...opening, ...giving]
  return paths.flatMap(({ pattern, capabilities, conditions }) => {
    const allowed = watched.filter(
      (each) =>
        coversPath(pattern, each.path) && each.capabilities.some((capability) => capabilities.includes(capability)),
    )
    if (allowed.length === 0) return []
    const others = paths.filter(
      (each) => each.pattern !== pattern && allowed.some(({ path }) => coversPath(each.pattern, path)),
    )
    const has = (list: typeof watched) => allowed.some((each) => list.includes(each))
    return {
      ...{ principal: policy, type: 'policy', isMany: true, via: `path "${pattern}"`, inTrail: ['*'] },
      may: [...(has(opening) ? (['decrypt'] as const) : []), ...(has(giving) ? (['administer'] as const) : [])],
      ...{ permissions: allowed.map(({ path }) => path), conditions },
      doubts: others.map((each) => `the path "${each.pattern}" of the policy may decide instead`),
    }
  })
}

/** `+` is one segment, `*` at the end is anything. A template of an identity may be anything. */
function coversPath(pattern: string, path: string): boolean {
  const escaped = pattern
    .replaceAll(/\{\{[^}]*\}\}/g, '+')
    .replace(/^\//, '')
    .replaceAll(/[\\^$.|?()[\]{}]/g, '\\$&')
  const segments = escaped.replace(/\*$/, '').replaceAll('*', '\\*').replaceAll(/\++/g, '[^/]+')
  return new RegExp(`^${segments}${pattern.endsWith('*') ? '.*' : '$'}`).test(path)
}
