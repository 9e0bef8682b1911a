import { openRun, type Run } from '../jobs/index.js'
import { inTransaction } from '../postgres/in-transaction.js'
import { type ProtectedTable, qualifiedName } from '../postgres/protected-table.js'
import type { Queryable } from '../postgres/queryable.js'
import { oldestWrap } from './oldest-wrap.js'
import { described, type RotationSettings } from './rotation-run.js'

/** When a table was last gone through, and when it is to be again. */
export interface Due {
  /** When the last rotation ended that reached its end. */
  readonly lastFinished: Date | undefined
  /** Where no rotation has reached its end, when the oldest wrap was made. */
  readonly oldestWrap: Date | undefined
  /** Undefined where no rotation was asked for, or the table has nothing that was ever wrapped. */
  readonly dueAt: Date | undefined
  /** By the clock of the server. */
  readonly overdue: boolean
}

/** `everySeconds`: how often a table is to be rotated; undefined where nobody has said. */
export async function dueOf(
  client: Queryable,
  table: ProtectedTable,
  everySeconds: number | undefined,
  readOldest: (client: Queryable) => Promise<Date | undefined> = (client) => oldestWrap(client, table),
): Promise<Due> {
  const { rows } = await client.query(
    `SELECT clock_timestamp() AS now, (SELECT max(finished_at) FROM waxseal.run
      WHERE kind = 'rotate' AND table_name = $1 AND state = 'finished') AS "lastFinished"`,
    [qualifiedName(table)],
  )
  const { now, lastFinished } = rows[0] as unknown as { now: Date; lastFinished: Date | null }
  const oldest = lastFinished ? undefined : await readOldest(client)
  const since = lastFinished ?? oldest
  const dueAt = since && everySeconds !== undefined ? new Date(since.getTime() + everySeconds * 1_000) : undefined
  return {
    lastFinished: lastFinished ?? undefined,
    oldestWrap: oldest,
    dueAt,
    overdue: dueAt !== undefined && dueAt <= now,
  }
}

/**
 * Begins the rotation of a table that is overdue. Of all who find it so, one begins it; undefined for the others, and where one
 * is open or was ended within the time: what an operator has cancelled is not begun again at once. `client` is one connection,
 * in no transaction.
 */
export async function beginDue(
  client: Queryable,
  table: ProtectedTable,
  everySeconds: number,
  settings: RotationSettings,
): Promise<Run | undefined> {
  return inTransaction(client, async () => {
    // Between the look and the beginning, somebody else's run may begin and end.
    await client.query(`SELECT pg_advisory_xact_lock(hashtextextended('waxseal rotation of ' || $1, 0))`, [
      qualifiedName(table),
    ])
    const { rows } = await client.query(
      `SELECT FROM waxseal.run WHERE kind = 'rotate' AND table_name = $1
        AND coalesce(finished_at, clock_timestamp()) > clock_timestamp() - $2::float8 * interval '1 second' LIMIT 1`,
      [qualifiedName(table), everySeconds],
    )
    if (rows.length > 0) return undefined
    const { run, resumed } = await openRun(client, described(table, settings))
    return resumed ? undefined : run
  })
}
