import { providers } from '../../providers/index.js'
import type { ProviderTrail } from '../audit/trail/provider-trail.js'
import type { AuditDeclaration } from './audit-section.js'

/** By the name of a provider: what understands its trail, of those here and of those that a configuration brings. */
export type KnownTrails = ReadonlyMap<string, () => Promise<ProviderTrail>>

export function knownTrails(audit: Pick<AuditDeclaration, 'trails'> | undefined): KnownTrails {
  const here = Object.entries(providers).map(([name, { trail }]) => [name, trail] as const)
  const own = (audit?.trails ?? []).flatMap(({ provider, trail }) => {
    return trail === undefined ? [] : [[provider, async () => trail] as const]
  })
  return new Map<string, () => Promise<ProviderTrail>>([...here, ...own])
}

export async function loadTrails(known: KnownTrails): Promise<Readonly<Record<string, ProviderTrail>>> {
  const loaded = await Promise.all([...known].map(async ([name, load]) => [name, await load()] as const))
  return Object.fromEntries(loaded)
}
