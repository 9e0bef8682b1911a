import type { KekRef } from '../kms/provider.js'
import type { Queryable } from '../postgres/queryable.js'
import { VERSION } from './version.js'

export const HEARTBEAT_MS = 5_000
/** After so long without a heartbeat, by the server's clock, a process counts as dead. */
export const DEAD_AFTER_MS = 15_000

/** What a process says about itself. */
export interface ProcessDescription {
  readonly id: string
  readonly label: string | undefined
  readonly required: boolean
  readonly holdMs: number
  /** By entity: how it is read and written. */
  readonly modes: Readonly<Record<string, string>>
}

/** The session that the heartbeats come from: as long as the server has it, the process may be at work. */
export interface Session {
  readonly pid: number
  readonly startedAt: string
}

export async function readSession(client: Queryable): Promise<Session> {
  const { rows } = await client.query(
    'SELECT pid, backend_start::text AS "startedAt" FROM pg_catalog.pg_stat_activity WHERE pid = pg_catalog.pg_backend_pid()',
  )
  return rows[0] as unknown as Session
}

/** Also after somebody removed the row, as a restored backup does. */
export async function storeHeartbeat(
  client: Queryable,
  { id, label, required, holdMs, modes }: ProcessDescription,
  session: Session,
  keks: readonly KekRef[],
): Promise<void> {
  const values = [id, label ?? null, VERSION, required, JSON.stringify(keks), JSON.stringify(modes), holdMs]
  await client.query(
    `INSERT INTO waxseal.process AS stored
    (id, label, version, required, keks, modes, hold, backend_pid, backend_start)
    VALUES ($1, $2, $3, $4, $5, $6, $7::int * interval '1 millisecond', $8, $9)
    ON CONFLICT (id) DO UPDATE SET keks = excluded.keks, modes = excluded.modes, heartbeat_at = clock_timestamp(),
      backend_pid = excluded.backend_pid, backend_start = excluded.backend_start`,
    [...values, session.pid, session.startedAt],
  )
}

export async function removeProcess(client: Queryable, { id }: ProcessDescription): Promise<void> {
  await client.query('DELETE FROM waxseal.process WHERE id = $1', [id])
}

/** Those that ended without a word, long ago. */
export async function removeDeadProcesses(client: Queryable): Promise<void> {
  await client.query(
    `DELETE FROM waxseal.process WHERE heartbeat_at < clock_timestamp() - interval '1 day'
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_activity WHERE pid = backend_pid)`,
  )
}
