import { readByIndex } from '../postgres/kek-sets.js'
import { qualifiedName, quoteIdentifier } from '../postgres/protected-table.js'
import type { Queryable } from '../postgres/queryable.js'
import { setHash } from '../postgres/set-index.js'
import type { AdoptedTable } from './adopted-table.js'

/** More are not counted: one is enough. */
export const MOST_COUNTED = 1_000

/** How many rows have plaintext and no envelope, up to `MOST_COUNTED`. `client` is in a transaction. */
export async function countPlaintext(client: Queryable, table: AdoptedTable): Promise<number> {
  await readByIndex(client)
  const filled = table.adopted.map(({ adoption }) => `stored.${quoteIdentifier(adoption.source)} IS NOT NULL`)
  const { rows } = await client.query(`SELECT count(*)::int AS rows FROM (
    SELECT FROM ${qualifiedName(table)} AS stored WHERE ${setHash(table)} = hashtextextended('[]', 0)
      AND stored.${quoteIdentifier(table.metadata)} = '{}' AND (${filled.join(' OR ')}) LIMIT ${MOST_COUNTED}) AS found`)
  return rows[0]?.rows as number
}
