import type { AllowedPrincipal, KeyRight } from '../../../src/kms/key-access.js'
import type { Fit, Statement } from './statements.js'

export type Rule = Omit<AllowedPrincipal, 'may'>

/** To decrypt under a key of one's own is to decrypt. */
const OPENING = ['kms:Decrypt', 'kms:ReEncryptFrom']
/** A replica has a policy of its own, which whoever makes it writes. */
const GIVING = ['kms:PutKeyPolicy', 'kms:CreateGrant', 'kms:ReplicateKey']
const WATCHED = [...OPENING, ...GIVING]

/** What of interest a statement allows with the key that it covers so, and why that is not certain. */
export function allowedBy(statement: Statement, fit: Fit): Pick<Rule, 'permissions' | 'conditions' | 'doubts'> {
  const isAllowed = !statement.isDeny && fit !== 'no'
  return {
    permissions: isAllowed ? WATCHED.filter((action) => statement.covers(action)) : [],
    conditions: statement.condition === undefined ? [] : [statement.condition],
    doubts: fit === 'maybe' ? [`whether the resource of ${statement.label} is this key is not certain`] : [],
  }
}

/** The operations of a grant, as permissions. */
export function allowedByGrant(operations: readonly string[]): readonly string[] {
  return WATCHED.filter((action) => operations.includes(action.slice('kms:'.length)))
}

export function rightsOf(permissions: readonly string[]): readonly KeyRight[] {
  const has = (watched: readonly string[]) => permissions.some((each) => watched.includes(each))
  return [...(has(OPENING) ? (['decrypt'] as const) : []), ...(has(GIVING) ? (['administer'] as const) : [])]
}
