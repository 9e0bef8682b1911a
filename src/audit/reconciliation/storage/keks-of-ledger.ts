import type { Queryable } from '../../../postgres/queryable.js'

/** The KEKs that attempts named, by one search in the index for each. */
export async function keksOfLedger(client: Queryable): Promise<{ readonly id: string; readonly provider: string }[]> {
  const { rows } = await client.query(
    `WITH RECURSIVE kek AS (
      (SELECT kek_id AS id, provider FROM waxseal.ledger_attempt WHERE kek_id IS NOT NULL ORDER BY kek_id LIMIT 1)
      UNION ALL
      SELECT next.* FROM kek CROSS JOIN LATERAL (
        SELECT kek_id, provider FROM waxseal.ledger_attempt WHERE kek_id > kek.id ORDER BY kek_id LIMIT 1
      ) next
    ) SELECT id, provider FROM kek`,
  )
  return rows as { id: string; provider: string }[]
}
