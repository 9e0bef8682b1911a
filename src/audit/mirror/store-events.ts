import type { Queryable } from '../../postgres/queryable.js'
import { EVENT_COLUMNS, type ReceivedEvent } from './event-row.js'
import type { TrailSource } from './trail-source.js'

/** Two devices of one vault write two times of one event. Request ids do not come again within so long. */
const SAME_EVENT_WITHIN = `interval '5 minutes'`

/** Partitions for their months. In a statement of its own: it locks the tables. */
export async function ensureMonths(client: Queryable, events: readonly ReceivedEvent[]): Promise<void> {
  const months = [...new Set(events.map(({ time }) => `${time.slice(0, 7)}-01`))].sort()
  if (months.length === 0) return
  await client.query('SELECT waxseal.ensure_audit_month(month) FROM unnest($1::date[]) AS month', [months])
}

/** Inserts what is not there yet, and that this source saw it. Counts those that are new. */
export async function storeEvents(
  client: Queryable,
  source: TrailSource,
  received: readonly ReceivedEvent[],
): Promise<{ readonly stored: number; readonly logging: number }> {
  if (received.length === 0) return { stored: 0, logging: 0 }
  // Without it, two sources could each insert the event that the other does not see yet, under two times.
  const lock = `waxseal trail ${source.provider} ${source.scope}`
  await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [lock])
  const events = await withKnownTimes(client, received)
  const names = EVENT_COLUMNS.map(([name]) => name).join(', ')
  const lists = EVENT_COLUMNS.map(([, type], index) => `$${index + 2}::${type}[]`).join(', ')
  const { rows } = await client.query(
    `INSERT INTO waxseal.audit_event (source, ${names})
    SELECT $1::bigint, event.* FROM unnest(${lists}) AS event ON CONFLICT DO NOTHING RETURNING kind`,
    [source.id, ...EVENT_COLUMNS.map(([, , of]) => events.map(of))],
  )
  await storeSightings(client, source, events)
  return { stored: rows.length, logging: rows.filter(({ kind }) => kind === 'logging').length }
}

/** One that is stored already keeps the time that it was stored with. */
async function withKnownTimes(client: Queryable, received: readonly ReceivedEvent[]): Promise<ReceivedEvent[]> {
  const times = received.map(({ time }) => time).sort()
  const { rows } = await client.query(
    `SELECT DISTINCT stored.scope, stored.event_uid AS uid, first_value(stored.event_time::text)
      OVER (PARTITION BY stored.scope, stored.event_uid ORDER BY stored.event_time) AS time
    FROM unnest($2::text[], $3::text[], $4::timestamptz[]) AS came (scope, uid, time)
    JOIN waxseal.audit_event stored ON stored.provider = $1 AND stored.scope = came.scope AND stored.event_uid = came.uid
      AND stored.event_time BETWEEN came.time - ${SAME_EVENT_WITHIN} AND came.time + ${SAME_EVENT_WITHIN}
    WHERE stored.event_time BETWEEN $5::timestamptz - ${SAME_EVENT_WITHIN} AND $6::timestamptz + ${SAME_EVENT_WITHIN}`,
    [
      ...[received[0]!.provider, received.map(({ scope }) => scope), received.map(({ uid }) => uid)],
      ...[received.map(({ time }) => time), times[0], times.at(-1)],
    ],
  )
  const known = new Map(rows.map(({ scope, uid, time }) => [JSON.stringify([scope, uid]), String(time)]))
  return received.map((each) => {
    const key = JSON.stringify([each.scope, each.uid])
    const time = known.get(key) ?? each.time
    known.set(key, time)
    return { ...each, time }
  })
}

/** The same event with another content is a row of its own here: reconciliation compares them. */
async function storeSightings(client: Queryable, source: TrailSource, events: readonly ReceivedEvent[]): Promise<void> {
  await client.query(
    `INSERT INTO waxseal.audit_sighting (event, event_time, source, canonical_sha256, raw_sha256, proof)
    SELECT stored.id, stored.event_time, $1, seen.canonical, seen.raw, seen.proof
    FROM unnest($3::text[], $4::text[], $5::timestamptz[], $6::bytea[], $7::bytea[], $8::text[])
      AS seen (scope, uid, time, canonical, raw, proof)
    JOIN waxseal.audit_event stored ON stored.provider = $2 AND stored.scope = seen.scope AND stored.event_uid = seen.uid
      AND stored.event_time = seen.time
    ON CONFLICT DO NOTHING`,
    [
      ...[source.id, source.provider, events.map(({ scope }) => scope), events.map(({ uid }) => uid)],
      ...[events.map(({ time }) => time), events.map(({ digests }) => digests.canonical)],
      ...[events.map(({ digests }) => digests.raw), events.map(({ record }) => record.proof ?? 'none')],
    ],
  )
}
