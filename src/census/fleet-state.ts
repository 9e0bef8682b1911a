import type { KekRef } from '../kms/provider.js'
import { DEAD_AFTER_MS } from '../lifecycle/heartbeat.js'
import type { Queryable } from '../postgres/queryable.js'
import { mayBe } from './kek-name.js'

/** A row of `waxseal.process` and what the server knows about it. */
export interface ProcessState {
  readonly id: string
  readonly label: string | null
  readonly keks: readonly KekRef[]
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

/** All by the clock of the server. `since` is an instant of it. */
export async function readFleet(client: Queryable, since: string): Promise<ProcessState[]> {
  const { rows } = await client.query(
    `SELECT id::text, label, keks, required,
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

/** Why the process may still store a wrap under this KEK, or undefined when it will not. */
export function objectionOf(process: ProcessState, kek: KekRef): string | undefined {
  const { keks, isLive, isHeard, isConnected, isOver, isNew } = process
  const names = keks.some((ref) => mayBe(kek, ref))
  if (!isLive) {
    if (isConnected) return 'has no heartbeat and an open connection: it hangs, or is stopped; end it'
    return names && !isOver ? 'died while it wrapped under it; what it sent may still arrive' : undefined
  }
  if (names) return 'wraps under it'
  if (!isHeard) return 'has not been heard since the check began'
  if (keks.length === 0 && isNew) return 'began just now, and has not said what it wraps with'
  return undefined
}
