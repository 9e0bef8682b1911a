import { isOfFormat1 } from '../postgres/guard-shapes.js'
import { type ProtectedTable, qualifiedName, quoteIdentifier } from '../postgres/protected-table.js'
import type { Queryable } from '../postgres/queryable.js'

/** When the oldest wrap of a table was made, recipients' included; undefined where it has none. Reads the whole table. */
export async function oldestWrap(client: Queryable, table: ProtectedTable): Promise<Date | undefined> {
  const metadata = `stored.${quoteIdentifier(table.metadata)}`
  const { rows } = await client.query(
    `SELECT min((SELECT min(wrap ->> 'wrappedAt') FROM jsonb_array_elements(${metadata} -> 'wraps') AS wrap) COLLATE "C")
      AS oldest FROM ${qualifiedName(table)} AS stored WHERE (${isOfFormat1(metadata)}) IS TRUE`,
  )
  const { oldest } = rows[0] as unknown as { oldest: string | null }
  return oldest === null ? undefined : new Date(oldest)
}
