import type { ProviderTrail } from '../../audit/index.js'
import { keksOfLedger } from '../../audit/reconciliation/storage/keks-of-ledger.js'
import type { Queryable } from '../../postgres/queryable.js'
import { providersInUse } from './providers-in-use.js'

/**
 * Mirrored trails in which no KEK of ours is known, by the ledger or by `keys`: each event counts as a use of a key of others, so
 * that nothing is found and all looks well.
 */
export async function trailsWithoutKeys(
  client: Queryable,
  trails: Readonly<Record<string, ProviderTrail>>,
  keys: readonly string[],
): Promise<string[]> {
  const { mirrored } = await providersInUse(client)
  const named = new Set((await keksOfLedger(client)).map(({ provider }) => provider))
  const names: string[] = []
  for (const [name, trail] of Object.entries(trails)) {
    if (!mirrored.includes(name) || named.has(name)) continue
    const { rows } = await client.query(
      'SELECT EXISTS (SELECT FROM waxseal.audit_event WHERE provider = $1 AND kek_id = ANY ($2)) AS known',
      [name, keys.map((id) => trail.kekIdOf({ id }))],
    )
    if (rows[0]?.['known'] !== true) names.push(name)
  }
  return names
}
