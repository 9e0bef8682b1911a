import { ENVELOPE_INDEX } from './envelope-index.js'
import { createStatement, oidOf } from './guard-index.js'
import type { ProtectedTable } from './protected-table.js'
import type { Queryable } from './queryable.js'
import { SET_INDEX } from './set-index.js'

/**
 * Builds the indexes of the guard that are missing while writers go on. `client` is in no transaction. An attempt that
 * fails leaves an index that is not valid, which the next one replaces.
 */
export async function buildIndexesConcurrently(client: Queryable, table: ProtectedTable): Promise<void> {
  for (const statement of await missingIndexesSql(client, table)) await client.query(statement)
}

/** The statements of it: for each index that is missing, what drops what a failed attempt left, and what builds it. */
export async function missingIndexesSql(client: Queryable, table: ProtectedTable): Promise<string[]> {
  const statements: string[] = []
  const oid = oidOf(table)
  for (const index of [ENVELOPE_INDEX, SET_INDEX]) {
    const { rows } = await client.query(`SELECT EXISTS (${index.found(table, oid)}) AS "exists",
      ${createStatement(index, table, ' CONCURRENTLY')} AS "create",
      (SELECT format('DROP INDEX CONCURRENTLY IF EXISTS %I.%I', nspname, '${index.prefix}' || ${oid}::oid)
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = relnamespace WHERE c.oid = ${oid}) AS "drop"`)
    const { exists, create, drop } = rows[0] as { exists: boolean; create: string; drop: string }
    if (!exists) statements.push(drop, create)
  }
  return statements
}
