import type { Queryable } from '../postgres/queryable.js'

/** The clock of the server. */
export async function serverTime(client: Queryable): Promise<string> {
  const { rows } = await client.query('SELECT clock_timestamp()::text AS now')
  return String(rows[0]?.now)
}

/**
 * What is open in this database now; the returned function says what of it still is. By the lock that every transaction holds on
 * its own virtual id, from its first statement to its end and whether it has written or not: any role may see it, and no
 * setting hides it. Who began later is not waited for.
 */
export async function transactionsOpenNow(client: Queryable): Promise<() => Promise<string[]>> {
  const begun = new Set((await openIn(client)).map(({ id }) => id))
  let prepared: ReadonlySet<string> | undefined
  return async () => {
    const open = (await openIn(client)).filter(({ id }) => begun.has(id))
    if (open.length > 0) return open.map(({ says }) => says)
    // Last: one that was open may have been prepared meanwhile, and goes on without a session.
    prepared ??= new Set(await preparedIn(client))
    const left = (await preparedIn(client)).filter((id) => prepared?.has(id))
    return left.map((id) => `prepared transaction ${id} is neither committed nor rolled back (pg_prepared_xacts)`)
  }
}

async function openIn(client: Queryable): Promise<{ readonly id: string; readonly says: string }[]> {
  const { rows } = await client.query(
    `SELECT virtualxid AS id, format('session %s ("%s") is in a transaction%s', pid, application_name,
        coalesce(' for ' || floor(extract(epoch FROM clock_timestamp() - xact_start)) || ' s (' || state || ')', '')) AS says
      FROM pg_catalog.pg_locks JOIN pg_catalog.pg_stat_activity USING (pid)
      WHERE locktype = 'virtualxid' AND mode = 'ExclusiveLock' AND granted AND datname = current_database()
        AND pid <> pg_catalog.pg_backend_pid() AND backend_type IS DISTINCT FROM 'autovacuum worker'
      ORDER BY pid`,
  )
  return rows as { id: string; says: string }[]
}

async function preparedIn(client: Queryable): Promise<string[]> {
  const { rows } = await client.query(
    'SELECT transaction::text AS id FROM pg_catalog.pg_prepared_xacts WHERE database = current_database() ORDER BY prepared',
  )
  return rows.map(({ id }) => String(id))
}
