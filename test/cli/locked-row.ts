import pg from 'pg'
import type { ProtectedProject } from './protected-project.js'

/** Locks a row, starts a process that needs it, and does `then` once it waits for the lock, which is given up afterwards. */
export async function whileLocked<Started>(
  { client, database, credentials }: ProtectedProject,
  id: string,
  start: () => Promise<Started> | Started,
  then: (started: Started) => Promise<unknown>,
): Promise<void> {
  const locker = new pg.Client({ connectionString: database.url })
  await locker.connect()
  try {
    await locker.query('BEGIN')
    await locker.query(`SELECT FROM ${credentials.name} WHERE id = $1 FOR UPDATE`, [id])
    const started = await start()
    const waiting = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`
    while ((await client.query(waiting)).rows.length === 0);
    await then(started)
  } finally {
    await locker.end()
  }
}
