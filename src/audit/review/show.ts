import { ConfigurationError } from '../../errors.js'
import type { Queryable } from '../../postgres/queryable.js'
import { instant } from '../instant.js'
import { isStoredId } from '../stored-id.js'
import { SOURCES } from './conditions.js'
import { type Found, find } from './find.js'
import { proveRecord, type RecordInLog } from './prove-record.js'
import { readRecords, readStored } from './read-records.js'
import type { ReviewRecord } from './record.js'
import { recordReview } from './record-review.js'

export interface ShownRecord {
  readonly record: ReviewRecord
  /** All columns as they are stored, the raw event with them. */
  readonly stored: Readonly<Record<string, unknown>>
  /** The call of ours: its attempts, the record among them where it is one. */
  readonly attempts: readonly ReviewRecord[]
  /** What became of these attempts: what the KMS replied, with its request ids. As stored. */
  readonly ends: readonly Readonly<Record<string, unknown>>[]
  /** What the provider logged of that call. */
  readonly events: readonly ReviewRecord[]
  /** What the reconciliation said of it, the oldest first. */
  readonly history: readonly Readonly<Record<'at' | 'from' | 'to' | 'rule' | 'reason', string | null>>[]
  readonly findings: readonly Readonly<Record<'id' | 'kind' | 'severity', string>>[]
  /** The readers that saw an event, and what attests it there. */
  readonly sightings: readonly Readonly<Record<'reader' | 'at' | 'proof', string | null>>[]
  readonly log: RecordInLog
}

/** One record with all that belongs to it. Undefined where there is none of this id, or none any more. */
export async function showRecord(client: Queryable, id: string): Promise<ShownRecord | undefined> {
  if (!isStoredId(id))
    throw new ConfigurationError('id: expected the id of a record as a search shows it, found another text')
  const tables = Object.entries(SOURCES).map(
    ([kind, { table, time }]) => `SELECT '${kind}' AS kind, id, ${instant(time)} AS time FROM ${table} WHERE id = $1`,
  )
  const found = await find(client, { text: tables.join(' UNION ALL '), values: [id] })
  const [whole] = await readStored(client, found)
  await recordReview(client, 'show', { record: id, records: found.length })
  if (!whole) return undefined
  const { record, stored } = whole
  const attempts = await attemptsOf(client, record)
  return {
    ...{ record, stored: JSON.parse(stored), attempts: await readRecords(client, attempts) },
    ends: await endsOf(client, attempts),
    events: await readRecords(client, await eventsOf(client, attempts)),
    history: await list(client, HISTORY, id),
    findings: await list(
      client,
      'SELECT id, kind, severity FROM waxseal.finding WHERE $1 IN (event, attempt) ORDER BY id',
      id,
    ),
    sightings: await list(client, SIGHTINGS, id, record.time),
    log: await proveRecord(client, record),
  }
}

const HISTORY = `SELECT ${instant('inserted_at')} AS at, old_state AS "from", new_state AS "to", rule, detail ->> 'reason' AS reason
  FROM waxseal.state_change WHERE subject_id = $1 ORDER BY inserted_at, id`
const SIGHTINGS = `SELECT s.reader, ${instant('g.seen_at')} AS at, g.proof
  FROM (SELECT source, mirrored_at AS seen_at, proof FROM waxseal.audit_event WHERE id = $1 AND event_time = $2::timestamptz
    UNION ALL SELECT source, seen_at, proof FROM waxseal.audit_sighting WHERE event = $1 AND event_time = $2::timestamptz) g
  JOIN waxseal.trail_source s ON s.id = g.source ORDER BY g.seen_at`

async function list<T>(client: Queryable, text: string, ...values: readonly unknown[]): Promise<T[]> {
  return (await client.query(text, [...values])).rows as T[]
}

/** An application event belongs to no call: its envelope and its request are what it has in common with one. */
async function attemptsOf(client: Queryable, { kind, call, attempt }: ReviewRecord): Promise<Found[]> {
  const columns = `SELECT 'attempt' AS kind, id, ${instant('inserted_at')} AS time FROM waxseal.ledger_attempt`
  if (kind === 'attempt') return list(client, `${columns} WHERE call = $1 ORDER BY inserted_at, id`, call)
  if (attempt === null) return []
  const ofCall = `(SELECT call FROM waxseal.ledger_attempt WHERE id = $1)`
  return list(client, `${columns} WHERE call IN ${ofCall} ORDER BY inserted_at, id`, attempt)
}

async function endsOf(client: Queryable, attempts: readonly Found[]): Promise<Record<string, unknown>[]> {
  const ends = await list<{ stored: Record<string, unknown> }>(
    client,
    `SELECT to_json(e) AS stored FROM unnest($1::uuid[], $2::timestamptz[]) AS a (id, began)
      JOIN waxseal.ledger_end e ON e.attempt = a.id AND e.inserted_at >= a.began ORDER BY e.inserted_at, e.attempt`,
    ...[attempts.map(({ id }) => id), attempts.map(({ time }) => time)],
  )
  return ends.map(({ stored }) => stored)
}

async function eventsOf(client: Queryable, attempts: readonly Found[]): Promise<Found[]> {
  if (attempts.length === 0) return []
  return list(
    client,
    `SELECT 'event' AS kind, event AS id, ${instant('event_time')} AS time FROM waxseal.event_state
      WHERE attempt = ANY ($1::uuid[]) ORDER BY event_time, event`,
    attempts.map(({ id }) => id),
  )
}
