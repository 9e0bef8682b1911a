import { accountOf, isEverybody, namedOf } from './names.js'
import type { Rule } from './rules.js'
import type { Statement } from './statements.js'

/**
 * The rule without what is refused for certain: by a statement without a condition that names the principal or everybody.
 * Whatever else may refuse it is a doubt. Undefined: nothing is left.
 */
export function withoutDenied(rule: Rule, statements: readonly Statement[], keyArn: string): Rule | undefined {
  const denials = statements.filter((each) => each.isDeny && each.coversKey(keyArn) !== 'no')
  const concerning = denials.filter((each) => mayConcern(each, rule))
  const isRefused = (permission: string) =>
    concerning.some((each) => each.covers(permission) && isCertain(each, rule, keyArn))
  const permissions = rule.permissions.filter((each) => !isRefused(each))
  if (permissions.length === 0) return undefined
  const doubts = concerning
    .filter((each) => permissions.some((permission) => each.covers(permission)))
    .map(({ label }) => `the Deny ${label} may refuse it`)
  return { ...rule, permissions, doubts: [...rule.doubts, ...doubts] }
}

function isCertain(denial: Statement, rule: Rule, keyArn: string): boolean {
  if (denial.condition !== undefined || denial.isAboutOthers || denial.coversKey(keyArn) !== 'yes') return false
  return (
    denial.principals?.some((each) => isEverybody(each) || namedOf(each).principal === rule.principal) ??
    // Of the identity's own policies.
    true
  )
}

function mayConcern({ principals, isAboutOthers }: Statement, rule: Rule): boolean {
  if (principals === undefined || isAboutOthers || rule.isMany) return true
  return principals.some((each) => {
    const account = accountOf(each)
    if (account !== undefined && rule.principal.includes(`:${account}:`)) return true
    return isEverybody(each) || namedOf(each).principal === rule.principal
  })
}
