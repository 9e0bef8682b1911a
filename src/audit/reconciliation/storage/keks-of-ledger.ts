import type { Queryable } from '../../../postgres/queryable.js'

/** The ids of the KEKs that attempts named, by one search in the index for each. */
export async function keksOfLedger(client: Queryable, provider: string): Promise<string[]> {
  const { rows } = await client.query(
    `WITH RECURSIVE kek AS (
      (SELECT kek_id, provider FROM waxseal.ledger_attempt WHERE kek_id IS NOT NULL ORDER BY kek_id LIMIT 1)
      UNION ALL
      SELECT next.* FROM kek CROSS JOIN LATERAL (
        SELECT kek_id, provider FROM waxseal.ledger_attempt WHERE kek_id > kek.kek_id ORDER BY kek_id LIMIT 1
      ) next
    ) SELECT kek_id FROM kek WHERE provider = $1`,
    [provider],
  )
  return rows.map((row) => row.kek_id as string)
}
