import type { AllowedPrincipal } from '../../kms/key-access.js'
import { canonicalJson } from '../canonical-json.js'
import type { KeyAccessSnapshot } from './snapshot.js'

/** A rule for as long as one snapshot after the other has it, unchanged in every part. */
export interface Listed {
  readonly rule: AllowedPrincipal
  readonly first: KeyAccessSnapshot
  readonly last: KeyAccessSnapshot
  /** The snapshots without it, just before and just after. */
  readonly before: KeyAccessSnapshot | undefined
  readonly after: KeyAccessSnapshot | undefined
}

/** Every rule of the snapshots of one KEK, which are in the order of time. One that went and came back is listed twice. */
export function listedIn(snapshots: readonly KeyAccessSnapshot[]): readonly Listed[] {
  const stays: { readonly rule: AllowedPrincipal; readonly first: number; last: number }[] = []
  const newest = new Map<string, (typeof stays)[number]>()
  snapshots.forEach(({ principals }, at) => {
    for (const rule of principals) {
      const id = ruleId(rule)
      const known = newest.get(id)
      if (known && known.last >= at - 1) known.last = at
      else {
        const stay = { rule, first: at, last: at }
        newest.set(id, stay)
        stays.push(stay)
      }
    }
  })
  return stays.map(({ rule, first, last }) => ({
    ...{ rule, first: snapshots[first]!, last: snapshots[last]! },
    ...{ before: snapshots[first - 1], after: snapshots[last + 1] },
  }))
}

/** Equal of two rules that are the same in every part. */
export function ruleId(rule: AllowedPrincipal): string {
  return canonicalJson(rule)
}
