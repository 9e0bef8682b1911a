import type { AllowedPrincipal } from '../../../src/kms/key-access.js'

type Named = Pick<AllowedPrincipal, 'principal' | 'type' | 'isMany' | 'inTrail' | 'doubts'>

/** Those that stand for one identity. All others are many, or not known. */
const ONE: ReadonlySet<string> = new Set(['user', 'serviceAccount', 'principal'])
const MEMBER = /^(deleted:)?([a-zA-Z]+)(?::(.*?))?(\?uid=\d+)?$/s

/** How IAM names a member of a binding, and how the audit logs do. https://cloud.google.com/iam/docs/principal-identifiers */
export function namedOf(member: string): Named {
  const [, deleted, type = 'unknown', name = ''] = MEMBER.exec(member) ?? []
  const doubts = deleted ? ['he was deleted: he may again once he is restored'] : []
  const known = { type, doubts }
  if (type === 'allUsers') return { ...known, principal: '*', isMany: true, inTrail: ['*'] }
  if (!ONE.has(type) || name === '') return { ...known, principal: member, isMany: true, inTrail: ['*'] }
  // Federated identities are logged by their subject, which is the whole of it; others too, where the address is redacted.
  const inTrail = type === 'principal' ? [`${type}:${name}`] : [name, `${type}:${name}`]
  return { ...known, principal: member, isMany: false, inTrail }
}
