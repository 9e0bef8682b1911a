import { setImmediate as turn } from 'node:timers/promises'
import { arrayText } from '../../postgres/array-text.js'
import type { Queryable } from '../../postgres/queryable.js'
import { EVENT_COLUMNS, type EventRow, eventRow, proofOf, type ReceivedEvent } from './event-row.js'
import type { TrailSource } from './trail-source.js'

/** Two devices of one vault write two times of one event. Request ids do not come again within so long. */
const SAME_EVENT_MS = 300_000
/** Events of one statement. */
const SLICE = 250
const EVENTS_OF_A_TURN = 25

/** Partitions for their months. In a statement of its own: it locks the tables. */
export async function ensureMonths(client: Queryable, events: readonly ReceivedEvent[]): Promise<void> {
  const months = [...new Set(events.map(({ event }) => `${event.time.toISOString().slice(0, 7)}-01`))].sort()
  if (months.length === 0) return
  await client.query('SELECT waxseal.ensure_audit_month(month) FROM unnest($1::date[]) AS month', [months])
}

/**
 * Inserts what is not there yet; its row is its first sighting too. Of what is there, further sightings: by another source, with
 * another content, or with another proof.
 */
export async function storeEvents(
  client: Queryable,
  source: TrailSource,
  received: readonly ReceivedEvent[],
): Promise<{ readonly stored: number; readonly logging: number }> {
  if (received.length === 0) return { stored: 0, logging: 0 }
  // Without it, two sources could each insert the event that the other does not see yet, under two times.
  await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`waxseal trail ${source.provider}`])
  const looking = storedEvents(client, source.provider, received)
  const further: Sighting[] = []
  let [stored, logging] = [0, 0]
  const prepare = async (from: number): Promise<EventColumns | undefined> => {
    if (from >= received.length) return undefined
    const [rows, known] = await Promise.all([eventRows(received.slice(from, from + SLICE)), looking])
    const fresh = rows.filter((row) => {
      const seen = { ...sightingOf(row), source: source.id }
      const alike = known.get(keyOf(row)) ?? []
      const first = alike.find(({ at }) => Math.abs(at.getTime() - seen.at.getTime()) <= SAME_EVENT_MS)
      if (!first) known.set(keyOf(row), [...alike, seen])
      else if (!isSame(first, seen)) further.push({ ...seen, event: first.event, time: first.time })
      return !first
    })
    stored += fresh.length
    logging += fresh.filter(({ event }) => event.kind === 'logging').length
    return EVENT_COLUMNS.map(([, , of]) => arrayText(fresh.map(of)))
  }
  let columns = await prepare(0)
  for (let next = SLICE; columns; next += SLICE) {
    // While the database inserts a slice, the next is made.
    ;[columns] = await Promise.all([prepare(next), insertEvents(client, source, columns)])
  }
  await insertSightings(client, further)
  return { stored, logging }
}

/** As arrays of Postgres, in the order of `EVENT_COLUMNS`. */
type EventColumns = readonly string[]

/** A few at a turn of the event loop: between two, the socket takes what it could not take at once of the statement before. */
async function eventRows(received: readonly ReceivedEvent[]): Promise<EventRow[]> {
  const rows: EventRow[] = []
  for (const each of received) {
    if (rows.length % EVENTS_OF_A_TURN === 0) await turn()
    rows.push(eventRow(each))
  }
  return rows
}

interface Sighting {
  readonly event: string
  readonly at: Date
  /** As Postgres has it: of the row of the event, whatever time a later sighting was written with. */
  readonly time: string
  readonly source: string
  readonly raw: Buffer
  readonly canonical: Buffer | null
  readonly proof: string
}

/** Neither holds U+0000, which Postgres could not store. */
const keyOf = ({ scope, uid }: { readonly scope: string; readonly uid: string }) => `${scope}\0${uid}`

function sightingOf({ id, event, digests, record }: EventRow): Omit<Sighting, 'source'> {
  return { event: id, at: event.time, time: event.time.toISOString(), ...digests, proof: proofOf(record) }
}

function isSame(one: Sighting, other: Sighting): boolean {
  return one.source === other.source && one.proof === other.proof && one.raw.equals(other.raw)
}

/** The first sightings of events with these uids, the earliest event first. */
async function storedEvents(
  client: Queryable,
  provider: string,
  received: readonly ReceivedEvent[],
): Promise<Map<string, Sighting[]>> {
  const times = received.map(({ event }) => event.time.getTime()).sort((a, b) => a - b)
  const sought = [...new Map(received.map((each) => [keyOf(each), each])).values()]
  // OFFSET 0 keeps the planner at one uid after the other. While a month has no statistics yet, it would read all of these times.
  const { rows } = await client.query(
    `SELECT stored.* FROM unnest($2::text[], $3::text[]) AS sought (scope, uid), LATERAL (
      SELECT scope, event_uid AS uid, id AS event, event_time AS at, event_time::text AS time, source::text,
        raw_sha256 AS raw, canonical_sha256 AS canonical, proof
      FROM waxseal.audit_event
      WHERE provider = $1 AND scope = sought.scope AND event_uid = sought.uid AND event_time BETWEEN $4 AND $5 OFFSET 0
    ) AS stored ORDER BY at`,
    [
      ...[provider, sought.map(({ scope }) => scope), sought.map(({ uid }) => uid)],
      ...[new Date(times[0]! - SAME_EVENT_MS), new Date(times.at(-1)! + SAME_EVENT_MS)],
    ],
  )
  const known = new Map<string, Sighting[]>()
  for (const row of rows as unknown as (Sighting & { readonly scope: string; readonly uid: string })[])
    known.set(keyOf(row), [...(known.get(keyOf(row)) ?? []), row])
  return known
}

async function insertEvents(client: Queryable, source: TrailSource, columns: EventColumns): Promise<void> {
  const names = EVENT_COLUMNS.map(([name]) => name).join(', ')
  const lists = EVENT_COLUMNS.map(([, type], index) => `$${index + 2}::${type}[]`).join(', ')
  await client.query(
    `INSERT INTO waxseal.audit_event (source, ${names}) SELECT $1::bigint, event.* FROM unnest(${lists}) AS event`,
    [source.id, ...columns],
  )
}

/** One with another content is a row too: reconciliation compares them. */
async function insertSightings(client: Queryable, sightings: readonly Sighting[]): Promise<void> {
  if (sightings.length === 0) return
  await client.query(
    `INSERT INTO waxseal.audit_sighting (event, event_time, source, raw_sha256, canonical_sha256, proof)
    SELECT * FROM unnest($1::uuid[], $2::timestamptz[], $3::bigint[], $4::bytea[], $5::bytea[], $6::text[])
    ON CONFLICT DO NOTHING`,
    [
      ...[sightings.map(({ event }) => event), sightings.map(({ time }) => time)],
      ...[sightings.map(({ source }) => source), sightings.map(({ raw }) => raw)],
      ...[sightings.map(({ canonical }) => canonical), sightings.map(({ proof }) => proof)],
    ],
  )
}
