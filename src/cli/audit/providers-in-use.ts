import type { RecordFilters } from '../../audit/index.js'
import { calledProviders } from '../../audit/reconciliation/storage/called-providers.js'
import { type KnownTrails, knownTrails } from '../../config/known-trails.js'
import type { LoadedConfiguration } from '../../config/load-configuration.js'
import { ConfigurationError } from '../../errors.js'
import type { Queryable } from '../../postgres/queryable.js'

export interface ProvidersInUse {
  /** Those whose trail is mirrored, or was. */
  readonly mirrored: readonly string[]
  /** Those that the ledger has attempts of. */
  readonly called: readonly string[]
}

export async function providersInUse(client: Queryable): Promise<ProvidersInUse> {
  const { rows } = await client.query('SELECT DISTINCT provider FROM waxseal.trail_source')
  return { mirrored: rows.map(({ provider }) => provider as string), called: await calledProviders(client) }
}

/** Of another name nothing is found, and "nothing is unaccounted" must not be said because of a slip. */
export function assertProvider(provider: string | undefined, known: KnownTrails, inUse: ProvidersInUse): void {
  const names = new Set([...known.keys(), ...inUse.mirrored, ...inUse.called])
  if (provider === undefined || names.has(provider)) return
  throw new ConfigurationError(`--provider: expected one of ${[...names].join(', ')}, found "${provider}"`)
}

/** The same of a filter, of whoever reads the audit. */
export async function assertProviderOf(
  client: Queryable,
  { audit }: Pick<LoadedConfiguration, 'audit'>,
  { provider }: Pick<RecordFilters, 'provider'>,
): Promise<void> {
  if (provider !== undefined) assertProvider(provider, knownTrails(audit), await providersInUse(client))
}
