import type { Queryable } from '../../../postgres/queryable.js'
import type { ProviderTrail } from '../../trail/provider-trail.js'
import { keksOfLedger } from './keks-of-ledger.js'

/** What is reconciled by itself: a scope of a provider, or all of them where a KEK does not say in which it is used. */
export interface Unit {
  readonly provider: string
  readonly trail: ProviderTrail
  /** As findings name it. */
  readonly scope: string
  readonly scopes: readonly string[]
  /** Whether an attempt whose KEK is not known can only be of this one. */
  readonly isOnly: boolean
}

/** Of every scope that a trail is mirrored of, and of every scope that the ledger has a KEK in. */
export async function unitsOf(client: Queryable, provider: string, trail: ProviderTrail): Promise<Unit[]> {
  const { rows } = await client.query('SELECT DISTINCT scope FROM waxseal.trail_source WHERE provider = $1', [provider])
  const mirrored = rows.map(({ scope }) => scope as string)
  const used = (await keksOfLedger(client)).filter((kek) => kek.provider === provider).map((kek) => trail.scopeOf(kek))
  const known = used.filter((scope) => scope !== undefined)
  const scopes = [...new Set([...mirrored, ...known])].sort()
  // A KEK that does not say where it is used may be used in each of them.
  if (scopes.length <= 1 || known.length < used.length) {
    return [{ provider, trail, scope: scopes.join(', ') || provider, scopes, isOnly: true }]
  }
  return scopes.map((scope) => ({ provider, trail, scope, scopes: [scope], isOnly: false }))
}
