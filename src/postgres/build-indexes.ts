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
  const oid = oidOf(table)
  for (const index of [ENVELOPE_INDEX, SET_INDEX]) {
    const { rows } = await client.query(`SELECT EXISTS (${index.found(table, oid)}) AS "exists",
      ${createStatement(index, table, ' CONCURRENTLY')} AS "create",
      (SELECT format('DROP INDEX CONCURRENTLY IF EXISTS %I.%I', nspname, '${index.prefix}' || ${oid}::oid)
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = relnamespace WHERE c.oid = ${oid}) AS "drop"`)
    const { exists, create, drop } = rows[0] as { exists: boolean; create: string; drop: string }
    if (exists) continue
    await client.query(drop)
    await client.query(create)
  }
}
