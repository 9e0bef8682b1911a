import type { ProtectedTable } from '../postgres/protected-table.js'
import type { Queryable } from '../postgres/queryable.js'
import { failed, passed, type RetirementCheck } from './check.js'
import { type Patience, waitFor } from './wait-for.js'

/**
 * Whether the rows as they are now have reached every replica, since those that are behind still read rows under the old KEK; and
 * whether rows arrive here from another database, whose writers nobody asked.
 */
export async function checkReplicas(
  client: Queryable,
  tables: readonly ProtectedTable[],
  patience: Patience,
): Promise<RetirementCheck> {
  // Of what is seen, although an asynchronous commit may not be written yet.
  const { rows: now } = await client.query('SELECT pg_catalog.pg_current_wal_insert_lsn()::text AS position')
  const values = [now[0]?.position, tables.map(({ schema }) => schema), tables.map(({ table }) => table)]
  const look = async () => (await client.query(BEHIND, values)).rows.map(({ found }) => String(found))
  const behind = await waitFor(look, patience)
  if (behind.length > 0) return failed('replicas', ...behind)
  return passed('replicas', 'none is behind, and no rows arrive by replication')
}

const BEHIND = `
  SELECT format('replica "%s" is behind, or this role may not see whether it is', application_name) AS found
    FROM pg_catalog.pg_stat_replication WHERE replay_lsn IS NULL OR replay_lsn < $1::pg_lsn
  UNION ALL
  SELECT format('replication slot "%s" is not in use: what it was made for is behind; drop it, or let it catch up', slot_name)
    FROM pg_catalog.pg_replication_slots WHERE NOT active AND coalesce(database, current_database()) = current_database()
  UNION ALL
  SELECT format('subscription %s writes into a protected table: retire the KEK where its rows come from', srsubid)
    FROM pg_catalog.pg_subscription_rel JOIN pg_catalog.pg_class ON pg_class.oid = srrelid
    JOIN pg_catalog.pg_namespace ON pg_namespace.oid = relnamespace
    WHERE (nspname, relname) IN (SELECT * FROM unnest($2::text[], $3::text[]))`
