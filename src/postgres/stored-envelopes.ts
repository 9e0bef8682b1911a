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
  if (tables.length === 0 || (await unreadTables(client, tables)).length > 0) return undefined
  const selects = tables.map((table) => {
    const id = `${quoteIdentifier(table.metadata)} ->> 'id'`
    return `SELECT ${id} AS id FROM ${qualifiedName(table)} WHERE (${id}) = ANY ($1)`
  })
  const { rows } = await client.query(selects.join(' UNION ALL '), [ids])
  return new Set(rows.map(({ id }) => id as string))
}

/** Those that are not there, or whose metadata this role may not read, by their qualified names. */
export async function unreadTables(client: Queryable, tables: readonly ProtectedTable[]): Promise<readonly string[]> {
  const { rows } = await client.query(
    `SELECT n.nspname AS schema, c.relname AS table FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
    JOIN unnest($1::text[], $2::text[], $3::text[]) AS t (schema, "table", metadata)
      ON (n.nspname, c.relname, a.attname) = (t.schema, t."table", t.metadata)
    WHERE has_schema_privilege(n.oid, 'USAGE') AND has_column_privilege(c.oid, a.attnum, 'SELECT')`,
    [tables.map(({ schema }) => schema), tables.map(({ table }) => table), tables.map(({ metadata }) => metadata)],
  )
  const isRead = (one: ProtectedTable) => rows.some(({ schema, table }) => schema === one.schema && table === one.table)
  return tables.filter((table) => !isRead(table)).map(qualifiedName)
}
