import { providers } from '../../../providers/index.js'
import type { ProviderTrail } from '../../audit/index.js'
import { keksOfLedger } from '../../audit/reconciliation/storage/keks-of-ledger.js'
import { ConfigurationError } from '../../errors.js'
import type { Queryable } from '../../postgres/queryable.js'

const ENTRIES: Readonly<Record<string, { readonly trail: (() => Promise<ProviderTrail>) | undefined }>> = providers

/** The trails of the providers that are mirrored or called, or of the one that is named. */
export async function trailsInUse(
  client: Queryable,
  provider: string | undefined,
): Promise<Readonly<Record<string, ProviderTrail>>> {
  const known = Object.keys(ENTRIES).filter((name) => ENTRIES[name]!.trail !== undefined)
  if (provider !== undefined && !known.includes(provider)) {
    throw new ConfigurationError(`--provider: expected one of ${known.join(', ')}, found "${provider}"`)
  }
  const names = provider === undefined ? await namesInUse(client) : [provider]
  const trails: Record<string, ProviderTrail> = {}
  for (const name of known.filter((each) => names.includes(each))) trails[name] = await ENTRIES[name]!.trail!()
  return trails
}

async function namesInUse(client: Queryable): Promise<string[]> {
  const { rows } = await client.query('SELECT DISTINCT provider FROM waxseal.trail_source')
  const called = await keksOfLedger(client)
  return [...rows, ...called].map(({ provider }) => provider as string)
}
