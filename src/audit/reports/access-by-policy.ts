import { type Listed, listedIn } from '../key-access/listed.js'
import { isAbout, type KeyAccessSnapshot } from '../key-access/snapshot.js'
import type { Cell } from './report.js'

/** Who opened data keys under a KEK, by the trail. */
export interface TrailUse {
  readonly principal: string
  readonly kekId: string | null
  readonly uses: number
  readonly denied: number
  readonly first: Cell
  readonly last: Cell
}

/** What the lists of a period say, and what they say about who used a KEK. */
export class AccessByPolicy {
  readonly #ofKek: ReadonlyMap<string, readonly KeyAccessSnapshot[]>
  readonly #principals: readonly string[]

  constructor(snapshots: readonly KeyAccessSnapshot[], principals: readonly string[]) {
    const ofKek = new Map<string, KeyAccessSnapshot[]>()
    for (const snapshot of snapshots) {
      const { kekId } = snapshot
      ofKek.set(kekId, [...(ofKek.get(kekId) ?? []), snapshot])
    }
    this.#ofKek = ofKek
    this.#principals = principals
  }

  rows(uses: readonly TrailUse[]): readonly Readonly<Record<string, Cell>>[] {
    return [...this.#ofKek].flatMap(([kekId, snapshots]) => {
      const ofKek = uses.filter((use) => use.kekId === kekId)
      return listedIn(snapshots).map((listed) => this.#row(kekId, listed, ofKek))
    })
  }

  /** What the last list says about somebody who used the KEK; null where it has him, or there is none. */
  differenceOf({ principal, kekId, uses }: TrailUse): string | null {
    const last = this.#ofKek.get(kekId ?? '')?.at(-1)
    if (!last || uses === 0) return null
    const about = last.principals.filter((rule) => rule.may.includes('decrypt') && isAbout(rule, principal))
    if (about.some(({ isMany }) => !isMany)) return null
    const many = [...new Set(about.map((rule) => rule.principal))].join(', ')
    const list = nameOf(last)
    return many === '' ? `used it, and is not in ${list}` : `in ${list} as one of ${many}`
  }

  /** What a reader must know of the lists before he believes that somebody is not in them. */
  limits(keks: readonly string[]): readonly string[] {
    const without = [...new Set(keks)].filter((id) => !this.#ofKek.has(id))
    return [
      ...without.map(
        (id) => `Who may use ${id} by its policy is not known: "waxseal audit access" did not ask for it.`,
      ),
      ...[...this.#ofKek].flatMap(([kekId, snapshots]) => limitsOf(kekId, snapshots)),
      ...new Set([...this.#ofKek.values()].flat().flatMap(({ limits }) => limits)),
    ]
  }

  #row(kekId: string, { rule, first, last, before, after }: Listed, uses: readonly TrailUse[]) {
    const own = rule.isMany ? [] : uses.filter(({ principal }) => isAbout(rule, principal))
    const sum = (count: 'uses' | 'denied') => own.reduce((total, use) => total + use[count], 0)
    const isDeclared = this.#principals.some((name) => (rule.isMany ? name === rule.principal : isAbout(rule, name)))
    const mayDecrypt = rule.may.includes('decrypt')
    const differences = [
      ...(isDeclared ? [] : ['may, and is not one of ours by the configuration']),
      ...(mayDecrypt && !rule.isMany && sum('uses') === 0 ? ['may decrypt, and did not in the period'] : []),
      ...(before ? [`new: not in ${nameOf(before)}`] : []),
      ...(after ? [`not any more: not in ${nameOf(after)}`] : []),
    ]
    const times = (pick: 'first' | 'last') => own.map((use) => use[pick]).sort()
    return {
      ...{ side: 'policy', principal: rule.principal, kek_id: kekId, declared: isDeclared },
      // Whose of many it was is not known.
      ...{ uses: rule.isMany ? null : sum('uses'), denied: rule.isMany ? null : sum('denied') },
      ...{ first_used_at: times('first')[0] ?? null, last_used_at: times('last').at(-1) ?? null },
      ...{ may: rule.may.join(', '), permissions: rule.permissions.join(', '), via: rule.via },
      ...{ conditions: rule.conditions.join(' and ') || null, doubts: rule.doubts.join('; ') || null },
      ...{ listed_from: first.readAt.toISOString(), listed_to: last.readAt.toISOString() },
      difference: differences.join('; ') || null,
    }
  }
}

function limitsOf(kekId: string, snapshots: readonly KeyAccessSnapshot[]): string[] {
  const [first, last] = [snapshots[0]!, snapshots.at(-1)!].map(({ readAt }) => readAt.toISOString())
  const lists = snapshots.length === 1 ? `one list, of ${first}` : `${snapshots.length} lists, from ${first} to ${last}`
  return [
    `Who may use ${kekId} by its policy is known by ${lists}; what changed twice between two lists is not seen.`,
    ...[...new Set(snapshots.flatMap(({ unread }) => unread))].map((reason) => {
      const incomplete = snapshots.filter(({ unread }) => unread.includes(reason))
      return `${incomplete.length} of ${snapshots.length} not complete, the last of ${incomplete.at(-1)!.readAt.toISOString()}: ${reason}`
    }),
  ]
}

function nameOf({ readAt, unread }: KeyAccessSnapshot): string {
  return `the list of ${readAt.toISOString()}${unread.length > 0 ? ', which is not complete' : ''}`
}
