import type { Queryable } from '../../../postgres/queryable.js'
import { keksOfLedger } from './keks-of-ledger.js'

/** Every provider that the ledger has attempts of; of those that name no KEK, by one search in their index for each. */
export async function calledProviders(client: Queryable): Promise<readonly string[]> {
  const { rows } = await client.query(
    `WITH RECURSIVE called AS (
      (SELECT provider FROM waxseal.ledger_attempt WHERE kek_id IS NULL ORDER BY provider LIMIT 1)
      UNION ALL
      SELECT next.* FROM called CROSS JOIN LATERAL (
        SELECT provider FROM waxseal.ledger_attempt WHERE kek_id IS NULL AND provider > called.provider
        ORDER BY provider LIMIT 1
      ) next
    ) SELECT provider FROM called`,
  )
  const named = await keksOfLedger(client)
  return [...new Set([...rows, ...named].map(({ provider }) => provider as string))]
}
