import { randomUUID } from 'node:crypto'
import { inTransaction } from '../../postgres/in-transaction.js'
import type { Queryable } from '../../postgres/queryable.js'
import { storableText } from '../storable.js'
import type { Lease } from './lease.js'
import { describeSource, type TrailSource } from './trail-source.js'

/** `blind`: what the trail holds cannot be read, or is lost. `failing`: a pass did not come to its end, and is tried again. */
export type SourceState = 'ok' | 'blind' | 'failing'

const CONTROL = 'mirror of an audit trail'
const EFFECT = 'what happened at the KMS meanwhile is not known here, and accounts for nothing'

/** A pass came to its end. What was wrong before is over. */
export async function recordSuccess(client: Queryable, lease: Lease): Promise<void> {
  await inTransaction(client, async () => {
    if (!(await setState(client, lease, 'ok', null))) return
    await client.query(
      `INSERT INTO waxseal.control_restored (failure, restored_at, remedy)
      SELECT id, clock_timestamp(), 'a pass came to its end' FROM waxseal.control_failure
      WHERE control = $1 AND scope = $2 AND NOT EXISTS (SELECT FROM waxseal.control_restored WHERE failure = id)`,
      [CONTROL, describeSource(lease.source)],
    )
  })
}

/** Nothing that failed makes a blind source anything else: only a pass that came to its end does. */
export async function recordFailure(
  client: Queryable,
  lease: Lease,
  state: Exclude<SourceState, 'ok'>,
  reason: string,
): Promise<void> {
  await inTransaction(client, async () => {
    if (!(await setState(client, lease, state, storableText(reason))) || state !== 'blind') return
    await openFailure(client, lease.source, storableText(reason))
  })
}

async function openFailure(client: Queryable, source: TrailSource, cause: string): Promise<void> {
  await client.query(
    `INSERT INTO waxseal.control_failure (id, control, scope, started_at, cause, effect)
    SELECT $1, $2, $3, clock_timestamp(), $4, $5 WHERE NOT EXISTS (
      SELECT FROM waxseal.control_failure WHERE control = $2 AND scope = $3
        AND NOT EXISTS (SELECT FROM waxseal.control_restored WHERE failure = control_failure.id))`,
    [randomUUID(), CONTROL, describeSource(source), cause, EFFECT],
  )
}

/** Whether it is ours to say. */
async function setState(
  client: Queryable,
  { source, owner }: Lease,
  state: SourceState,
  reason: string | null,
): Promise<boolean> {
  const { rows } = await client.query(
    `UPDATE waxseal.trail_cursor AS stored SET
      state = next.state,
      state_since = CASE WHEN stored.state = next.state THEN stored.state_since ELSE clock_timestamp() END,
      state_reason = CASE WHEN next.state = $3 THEN $4 ELSE stored.state_reason END,
      read_at = CASE WHEN $3 = 'ok' THEN clock_timestamp() ELSE stored.read_at END
    FROM (SELECT source, CASE WHEN state = 'blind' AND $3 = 'failing' THEN 'blind' ELSE $3 END AS state
      FROM waxseal.trail_cursor WHERE source = $1) AS next
    WHERE stored.source = next.source AND stored.lease_owner = $2 RETURNING 1`,
    [source.id, owner, state, reason],
  )
  return rows.length > 0
}
