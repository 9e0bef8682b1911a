import type { ProviderTrail } from '../../audit/index.js'
import { keksOfLedger } from '../../audit/reconciliation/storage/keks-of-ledger.js'
import type { KnownTrails } from '../../config/known-trails.js'
import { ConfigurationError } from '../../errors.js'
import type { Queryable } from '../../postgres/queryable.js'

/** The trails of the providers that are mirrored or called, or of the one that is named. */
export async function trailsInUse(
  client: Queryable,
  known: KnownTrails,
  provider: string | undefined,
): Promise<Readonly<Record<string, ProviderTrail>>> {
  if (provider !== undefined && !known.has(provider)) {
    throw new ConfigurationError(`--provider: expected one of ${[...known.keys()].join(', ')}, found "${provider}"`)
  }
  const names = provider === undefined ? await namesInUse(client) : [provider]
  const trails: Record<string, ProviderTrail> = {}
  for (const [name, load] of known) if (names.includes(name)) trails[name] = await load()
  return trails
}

async function namesInUse(client: Queryable): Promise<string[]> {
  const { rows } = await client.query('SELECT DISTINCT provider FROM waxseal.trail_source')
  const called = await keksOfLedger(client)
  return [...rows, ...called].map(({ provider }) => provider as string)
}
