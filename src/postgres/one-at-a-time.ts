import type { Queryable } from './queryable.js'

/** Runs `run` while no other session does so under this name; undefined, and at once, where one does. `client` is one connection. */
export async function oneAtATime<T>(client: Queryable, name: string, run: () => Promise<T>): Promise<T | undefined> {
  const { rows } = await client.query('SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS taken', [name])
  if (!rows[0]?.taken) return undefined
  try {
    return await run()
  } finally {
    // A connection that is gone holds nothing; what ended it is what the caller has to know.
    await client.query('SELECT pg_advisory_unlock(hashtextextended($1, 0))', [name]).catch(() => undefined)
  }
}
