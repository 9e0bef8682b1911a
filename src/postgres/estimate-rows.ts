import { type ProtectedTable, qualifiedName } from './protected-table.js'
import type { Queryable } from './queryable.js'
import { setHash } from './set-index.js'

/** How many rows the planner expects in these sets, by the statistics of the last ANALYZE. Reads no row. */
export async function estimateRows(
  client: Queryable,
  table: ProtectedTable,
  hashes: readonly string[],
): Promise<number> {
  const list = hashes.map((hash) => BigInt(hash)).join(', ')
  if (list === '') return 0
  const { rows } = await client.query(
    `EXPLAIN (FORMAT JSON) SELECT FROM ${qualifiedName(table)} AS stored WHERE ${setHash(table)} IN (${list})`,
  )
  const [plan] = rows[0]!['QUERY PLAN'] as [{ Plan: { 'Plan Rows': number } }]
  return plan.Plan['Plan Rows']
}
