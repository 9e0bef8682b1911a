import { type ProtectedTable, qualifiedName, quoteIdentifier } from './protected-table.js'
import type { Queryable } from './queryable.js'

/**
 * Which of these envelopes rows have, by the index of the guard. `undefined` where a table is not there or may not be read:
 * then nobody can say of an envelope that no row has it.
 */
export async function storedEnvelopes(
  client: Queryable,
  tables: readonly ProtectedTable[],
  ids: readonly string[],
): Promise<ReadonlySet<string> | undefined> {
  if (ids.length === 0) return new Set()
  if (tables.length === 0 || !(await mayRead(client, tables))) return undefined
  const selects = tables.map((table) => {
    const id = `${quoteIdentifier(table.metadata)} ->> 'id'`
    return `SELECT ${id} AS id FROM ${qualifiedName(table)} WHERE (${id}) = ANY ($1)`
  })
  const { rows } = await client.query(selects.join(' UNION ALL '), [ids])
  return new Set(rows.map(({ id }) => id as string))
}

async function mayRead(client: Queryable, tables: readonly ProtectedTable[]): Promise<boolean> {
  const { rows } = await client.query(
    `SELECT coalesce(bool_and(to_regclass(name) IS NOT NULL AND CASE WHEN to_regclass(name) IS NOT NULL
      THEN has_column_privilege(to_regclass(name), metadata, 'SELECT') END), false) AS may
    FROM unnest($1::text[], $2::text[]) AS t (name, metadata)`,
    [tables.map(qualifiedName), tables.map(({ metadata }) => metadata)],
  )
  return rows[0]?.may === true
}
