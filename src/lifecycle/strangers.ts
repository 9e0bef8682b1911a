import { type ProtectedTable, qualifiedName } from '../postgres/protected-table.js'
import type { Queryable } from '../postgres/queryable.js'

/**
 * The sessions of the database that belong to no process of the fleet, by role and address: those that share both with one are
 * not told apart. `ignored` names sessions by `application_name`. With `tables`, only those whose role may write one.
 */
export async function sessionsOfNoProcess(
  client: Queryable,
  ignored: readonly string[],
  tables?: readonly ProtectedTable[],
): Promise<string[]> {
  const { rows } = await client.query(STRANGERS, [ignored, tables?.map(qualifiedName) ?? null])
  return (rows as unknown as Stranger[]).map(({ sessions, role, name, address }) => {
    const named = name ? `"${name}"` : 'no application_name'
    return `${sessions} of the role ${role} with ${named} at ${address} ${sessions === 1 ? 'belongs' : 'belong'} to no process of the fleet`
  })
}

interface Stranger {
  readonly sessions: number
  readonly role: string
  readonly name: string
  readonly address: string
}

// Without pg_read_all_stats the address of another role's session is hidden: nobody can say whose it is.
const STRANGERS = `SELECT count(*)::int AS sessions, coalesce(usename, '?') AS role, coalesce(application_name, '') AS name,
    CASE WHEN backend_start IS NULL THEN 'a hidden address' ELSE coalesce(host(client_addr), 'this machine') END AS address
  FROM pg_catalog.pg_stat_activity AS session
  WHERE datname = current_database() AND pid <> pg_backend_pid() AND coalesce(backend_type, 'client backend') = 'client backend'
    AND coalesce(application_name, '') NOT IN ('waxseal', 'waxseal fleet')
    AND NOT coalesce(application_name, '') = ANY ($1::text[])
    AND ($2::text[] IS NULL OR EXISTS (
      SELECT FROM unnest($2::text[]) AS name WHERE has_table_privilege(usesysid, name, 'INSERT, UPDATE')))
    AND NOT EXISTS (SELECT FROM waxseal.process JOIN pg_catalog.pg_stat_activity own
      ON own.pid = process.backend_pid AND own.backend_start = process.backend_start
      WHERE own.usesysid = session.usesysid
        AND session.backend_start IS NOT NULL AND own.client_addr IS NOT DISTINCT FROM session.client_addr)
  GROUP BY 2, 3, 4 ORDER BY 2, 3, 4`
