import type { Queryable } from '../../postgres/queryable.js'
import type { CursorValue } from '../trail/trail-reader.js'
import type { TrailSource } from './trail-source.js'

/** Who mirrors a source, by the clock of the server, which all machines share. */
export interface Lease {
  readonly source: TrailSource
  /** A UUID of the process. */
  readonly owner: string
  /** How long it holds without a sign of life. */
  readonly holdMs: number
}

const LEASE_LOST = 'WAXSEAL_LEASE_LOST'

/** Another machine took the source over; what it does not see of ours, it reads again. */
export class LeaseLostError extends Error {
  readonly code = LEASE_LOST

  constructor() {
    super('another process mirrors this source')
    this.name = 'LeaseLostError'
  }
}

export function isLeaseLost(error: unknown): boolean {
  return (error as { readonly code?: unknown } | undefined)?.code === LEASE_LOST
}

/** Where the source stands, or undefined while somebody else has it. Takes one that is free, ours, or was held too long. */
export async function takeLease(
  client: Queryable,
  lease: Lease,
): Promise<{ readonly cursor: CursorValue } | undefined> {
  const { rows } = await client.query(
    `INSERT INTO waxseal.trail_cursor AS held (source, lease_owner, lease_until)
    VALUES ($1, $2, clock_timestamp() + $3::bigint * interval '1 millisecond')
    ON CONFLICT (source) DO UPDATE SET lease_owner = excluded.lease_owner, lease_until = excluded.lease_until
      WHERE held.lease_owner IS NULL OR held.lease_owner = excluded.lease_owner OR held.lease_until <= clock_timestamp()
    RETURNING cursor`,
    [lease.source.id, lease.owner, lease.holdMs],
  )
  return rows[0] && { cursor: rows[0].cursor as CursorValue }
}

/** Moves the cursor, inside the transaction of its rows. Locks it, so that nobody takes the source over meanwhile. */
export async function moveCursor(client: Queryable, lease: Lease, cursor: string): Promise<void> {
  const { rows } = await client.query(
    `UPDATE waxseal.trail_cursor SET cursor = $3, lease_until = clock_timestamp() + $4::bigint * interval '1 millisecond'
    WHERE source = $1 AND lease_owner = $2 RETURNING 1`,
    [lease.source.id, lease.owner, cursor, lease.holdMs],
  )
  if (rows.length === 0) throw new LeaseLostError()
}

export async function releaseLease(client: Queryable, { source, owner }: Lease): Promise<void> {
  await client.query(
    'UPDATE waxseal.trail_cursor SET lease_owner = NULL, lease_until = NULL WHERE source = $1 AND lease_owner = $2',
    [source.id, owner],
  )
}
