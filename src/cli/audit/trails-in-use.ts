import type { ProviderTrail } from '../../audit/index.js'
import type { KnownTrails } from '../../config/known-trails.js'
import type { Queryable } from '../../postgres/queryable.js'
import { assertProvider, providersInUse } from './providers-in-use.js'

export interface TrailsInUse {
  readonly trails: Readonly<Record<string, ProviderTrail>>
  /** Providers that are called and whose trail is not mirrored, or not understood: nothing accounts for their attempts. */
  readonly withoutTrail: readonly string[]
}

/** The trails of the providers that are mirrored or called, or of the one that is named. */
export async function trailsInUse(client: Queryable, known: KnownTrails, provider?: string): Promise<TrailsInUse> {
  const inUse = await providersInUse(client)
  assertProvider(provider, known, inUse)
  const { mirrored, called } = inUse
  const names = [...new Set([...mirrored, ...called])].filter((name) => provider === undefined || name === provider)
  const trails: Record<string, ProviderTrail> = {}
  const withoutTrail: string[] = []
  for (const name of names.sort()) {
    const trail = await known.get(name)?.()
    if (trail) trails[name] = trail
    if (!trail || !(trail.isLedgerOnly || mirrored.includes(name))) withoutTrail.push(name)
  }
  return { trails, withoutTrail }
}

/** What a person has to know of such a provider. */
export function withoutTrailLine(provider: string): string {
  return `${provider}: its trail is not mirrored, so nothing accounts for its attempts; name it in audit.trails and run "waxseal audit mirror"`
}
