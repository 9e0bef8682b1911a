import { inTransaction } from './in-transaction.js'
import { readByIndex } from './kek-sets.js'
import { type ProtectedTable, qualifiedName } from './protected-table.js'
import type { Queryable } from './queryable.js'
import { setHash } from './set-index.js'

/** Exactly how many rows each of these sets has, by its hash. Reads their part of the index. */
export async function countSets(
  client: Queryable,
  table: ProtectedTable,
  hashes: readonly string[],
): Promise<Map<string, number>> {
  if (hashes.length === 0) return new Map()
  return inTransaction(client, async () => {
    await readByIndex(client)
    const { rows } = await client.query(
      `SELECT ${setHash(table)}::text AS hash, count(*)::float8 AS rows FROM ${qualifiedName(table)} AS stored
        WHERE ${setHash(table)} = ANY ($1::int8[]) GROUP BY 1`,
      [hashes],
    )
    return new Map(rows.map(({ hash, rows }) => [hash as string, rows as number]))
  })
}
