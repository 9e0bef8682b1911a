import type { Queryable } from './queryable.js'

/** Runs `run` in a transaction. `client` is one connection, not a pool, and in no transaction yet. */
export async function inTransaction<T>(client: Queryable, run: () => Promise<T>): Promise<T> {
  await client.query('BEGIN')
  try {
    const result = await run()
    await client.query('COMMIT')
    return result
  } catch (error) {
    // What went wrong is what the caller has to know: not that a connection that is gone cannot roll back.
    await client.query('ROLLBACK').catch(() => undefined)
    throw error
  }
}

/** Runs `run` on the database as it is now, whatever is written meanwhile, and writes nothing. */
export async function inSnapshot<T>(client: Queryable, run: () => Promise<T>): Promise<T> {
  return inTransaction(client, async () => {
    await client.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY')
    return run()
  })
}
