import type { KekRef } from '../kms/provider.js'
import type { Queryable } from '../postgres/queryable.js'
import { DEAD_AFTER_MS } from './heartbeat.js'

/** A row of `waxseal.process` and what the server knows about it. */
export interface ProcessState {
  readonly id: string
  readonly label: string | null
  readonly keks: readonly KekRef[]
  /** By entity: how it is read and written. */
  readonly modes: Readonly<Record<string, string>>
  readonly required: boolean
  /** A heartbeat within the time after which a process counts as dead. */
  readonly isLive: boolean
  /** A heartbeat since the fence began. */
  readonly isHeard: boolean
  /** Its session is open: it may be at work although its heart does not beat. */
  readonly isConnected: boolean
  /** Dead for so long that whatever left its cipher was stored or given up. */
  readonly isOver: boolean
  /** Began so lately that it need not have said yet what it wraps with. */
  readonly isNew: boolean
}

/** Every process that is written down, oldest first. All by the clock of the server; `since` is an instant of it. */
export async function readFleet(client: Queryable, since: string): Promise<ProcessState[]> {
  const { rows } = await client.query(
    `SELECT id::text, label, keks, modes, required,
      heartbeat_at >= now.it - $2::int * interval '1 millisecond' AS "isLive",
      heartbeat_at > $1::timestamptz AS "isHeard",
      now.it > heartbeat_at + $2::int * interval '1 millisecond' + hold AS "isOver",
      now.it < started_at + interval '1 minute' AS "isNew",
      EXISTS (SELECT FROM pg_catalog.pg_stat_activity AS session
        WHERE session.pid = backend_pid AND coalesce(session.backend_start, process.backend_start) = process.backend_start
      ) AS "isConnected"
    FROM waxseal.process AS process, (SELECT clock_timestamp() AS it) AS now ORDER BY started_at`,
    [since, DEAD_AFTER_MS],
  )
  return rows as unknown as ProcessState[]
}
