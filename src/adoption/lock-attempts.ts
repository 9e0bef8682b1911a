import type { Clock } from '../kms/clock.js'
import { inTransaction } from '../postgres/in-transaction.js'
import type { Queryable } from '../postgres/queryable.js'

/** Writers queue behind a lock that is waited for: each attempt is short, and the table is theirs between two. */
const LOCK_TIMEOUT = '2s'
const ATTEMPTS = 10
const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 10_000

/** Runs `run` in a transaction that waits for a lock no longer than two seconds, and again where it did not get one. */
export async function withLockAttempts<T>(client: Queryable, clock: Clock, run: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await inTransaction(client, async () => {
        await client.query(`SET LOCAL lock_timeout = '${LOCK_TIMEOUT}'`)
        return run()
      })
    } catch (error) {
      if ((error as { code?: unknown }).code !== LOCK_NOT_AVAILABLE || attempt === ATTEMPTS) throw error
    }
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** (attempt - 1), LONGEST_PAUSE_MS)
    await new Promise<void>((resolve) => clock.after(pause, resolve))
  }
}

const LOCK_NOT_AVAILABLE = '55P03'
