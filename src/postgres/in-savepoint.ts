import type { Queryable } from './queryable.js'

/** Runs `run` so that what fails in it undoes nothing else of the transaction. */
export async function inSavepoint<T>(client: Queryable, run: () => Promise<T>): Promise<T> {
  await client.query('SAVEPOINT waxseal')
  try {
    const result = await run()
    await client.query('RELEASE SAVEPOINT waxseal')
    return result
  } catch (error) {
    await client.query('ROLLBACK TO SAVEPOINT waxseal; RELEASE SAVEPOINT waxseal').catch(() => undefined)
    throw error
  }
}
