import type { AllowedPrincipal } from '../../../src/kms/key-access.js'
import type { NamedPrincipal } from './statements.js'

export type Named = Pick<AllowedPrincipal, 'principal' | 'type' | 'isMany' | 'inTrail'>

const ACCOUNT = /^(?:arn:(aws[a-z-]*):iam::)?(\d{12})(?::root)?$/
const IAM = /^arn:(aws[a-z-]*):iam::(\d{12}):(user|role)\/(?:.*\/)?([^/]+)$/
const SESSION = /^arn:aws[a-z-]*:sts::\d{12}:(assumed-role|federated-user)\//

/** The account that the principal of a policy stands for, as a number or as its root. */
export function accountOf({ kind, name }: NamedPrincipal): string | undefined {
  return kind === 'AWS' ? ACCOUNT.exec(name)?.[2] : undefined
}

export function isEverybody({ kind, name }: NamedPrincipal): boolean {
  return kind === 'AWS' && name === '*'
}

/** How AWS names a principal, and how CloudTrail does: of a role it has the sessions. */
export function namedOf(principal: NamedPrincipal): Named {
  const { kind, name } = principal
  if (isEverybody(principal)) return { principal: '*', type: 'everybody', isMany: true, inTrail: ['*'] }
  const account = accountOf(principal)
  if (account !== undefined) {
    const partition = ACCOUNT.exec(name)?.[1] ?? 'aws'
    const inTrail = ['iam', 'sts'].map((service) => `arn:${partition}:${service}::${account}:*`)
    return { principal: `arn:${partition}:iam::${account}:root`, type: 'account', isMany: true, inTrail }
  }
  const [, partition, of, type, plain] = (kind === 'AWS' && IAM.exec(name)) || []
  if (type === 'role') {
    return { principal: name, type, isMany: false, inTrail: [`arn:${partition}:sts::${of}:assumed-role/${plain}/*`] }
  }
  const session = kind === 'AWS' ? SESSION.exec(name)?.[1] : undefined
  return {
    principal: name,
    type: type ?? session ?? (kind === 'AWS' ? 'id' : kind.toLowerCase()),
    // A service acts for many, and an identity provider vouches for all its users.
    isMany: kind !== 'AWS',
    inTrail: kind === 'AWS' || kind === 'Service' ? [name] : ['*'],
  }
}
