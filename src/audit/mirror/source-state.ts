import { randomUUID } from 'node:crypto'
import { inTransaction } from '../../postgres/in-transaction.js'
import type { Queryable } from '../../postgres/queryable.js'
import { storableText } from '../storable.js'
import type { Lease } from './lease.js'
import { describeSource, type TrailSource } from './trail-source.js'

/** `blind`: what the trail holds cannot be read, or is lost. `failing`: a pass did not come to its end, and is tried again. */
export type SourceState = 'ok' | 'blind' | 'failing'

const CONTROL = 'mirror of an audit trail'
/** Three of the longest pauses between tries: the KMS is back from throttling and short outages by then, and somebody should look. */
const FAILING_GRACE_MS = 15 * 60_000
const EFFECT = 'what happened at the KMS meanwhile is not known here, and accounts for nothing'

/** A pass came to its end. What was wrong before is over. */
export async function recordSuccess(client: Queryable, lease: Lease): Promise<void> {
  await inTransaction(client, async () => {
    if ((await setState(client, lease, 'ok', null)) === undefined) return
    await client.query(
      `INSERT INTO waxseal.control_restored (failure, restored_at, remedy)
      SELECT id, clock_timestamp(), 'a pass came to its end' FROM waxseal.control_failure
      WHERE control = $1 AND scope = $2 AND NOT EXISTS (SELECT FROM waxseal.control_restored WHERE failure = id)`,
      [CONTROL, describeSource(lease.source)],
    )
  })
}

/**
 * Nothing that failed makes a blind source anything else: only a pass that came to its end does. The control failed since
 * the source was last `ok`, which is written down at once where it is blind, and after a grace where its passes fail.
 */
export async function recordFailure(
  client: Queryable,
  lease: Lease,
  state: Exclude<SourceState, 'ok'>,
  reason: string,
): Promise<void> {
  const cause = storableText(reason)
  await inTransaction(client, async () => {
    const since = await setState(client, lease, state, cause)
    if (since !== undefined) await openFailure(client, lease.source, { state, since, cause })
  })
}

async function openFailure(
  client: Queryable,
  source: TrailSource,
  { state, since, cause }: { readonly state: SourceState; readonly since: string; readonly cause: string },
): Promise<void> {
  await client.query(
    `INSERT INTO waxseal.control_failure (id, control, scope, started_at, cause, effect)
    SELECT $1, $2, $3, $4::timestamptz, $5, $6
    WHERE ($7 OR $4::timestamptz <= clock_timestamp() - $8::bigint * interval '1 millisecond') AND NOT EXISTS (
      SELECT FROM waxseal.control_failure WHERE control = $2 AND scope = $3
        AND NOT EXISTS (SELECT FROM waxseal.control_restored WHERE failure = control_failure.id))`,
    [randomUUID(), CONTROL, describeSource(source), since, cause, EFFECT, state === 'blind', FAILING_GRACE_MS],
  )
}

/** Since when the source is, or until now was, anything but `ok`; undefined where that is not ours to say. */
async function setState(
  client: Queryable,
  { source, owner }: Lease,
  state: SourceState,
  reason: string | null,
): Promise<string | undefined> {
  const { rows } = await client.query(
    `UPDATE waxseal.trail_cursor AS stored SET
      state = next.state,
      state_since = CASE WHEN stored.state = next.state THEN stored.state_since ELSE clock_timestamp() END,
      state_reason = CASE WHEN next.state = $3 THEN $4 ELSE stored.state_reason END,
      read_at = CASE WHEN $3 = 'ok' THEN clock_timestamp() ELSE stored.read_at END
    FROM (SELECT source, CASE WHEN state = 'blind' AND $3 = 'failing' THEN 'blind' ELSE $3 END AS state,
        CASE WHEN state <> 'ok' THEN state_since END AS wrong_since
      FROM waxseal.trail_cursor WHERE source = $1) AS next
    WHERE stored.source = next.source AND stored.lease_owner = $2
    RETURNING COALESCE(next.wrong_since, stored.state_since)::text AS since`,
    [source.id, owner, state, reason],
  )
  return rows[0]?.since as string | undefined
}
