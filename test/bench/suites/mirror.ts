import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { mirrorOnce, type Normalized, type TrailBatch, type TrailReader, type TrailRecord } from 'waxseal/audit'
import { installSchema } from 'waxseal/lifecycle'
import { startTemporaryPostgres } from 'waxseal/testing'
import { type Figure, figure, ratio } from '../harness/figure.js'
import { measureRounds, oneByOne, wallTime } from '../harness/rounds.js'

const BATCHES = 5
const BATCH_EVENTS = 1_000
const EVENTS = BATCHES * BATCH_EVENTS
const DAY = Date.UTC(2026, 4, 10)
const SCOPE = '111122223333/eu-central-1'

/** Events of a trail as a pass of the mirror stores them, beside a statement that stores rows that are ready. */
export async function mirror(): Promise<Figure[]> {
  const postgres = await startTemporaryPostgres()
  const pool = new pg.Pool({ connectionString: postgres.url, idleTimeoutMillis: 0 })
  pool.on('error', () => undefined)
  await pool.query('SET search_path = public')
  const client = await pool.connect()
  await installSchema(client)
  let records: TrailRecord[] = []
  let columns: Columns = { names: [], types: [], lists: [] }
  const pass = () =>
    mirrorOnce(pool, [{ reader: readerOf(records), normalize }], { signal: new AbortController().signal })
  records = newRecords()
  await pass()
  const stored = await storedColumns(client)
  const samples = await measureRounds(
    [
      {
        name: 'mirror',
        run: oneByOne(async () => {
          const [mirrored] = await pass()
          const { stored: count } = mirrored!.result.counts
          if (count !== EVENTS) throw new RangeError(`stored ${count} events of ${EVENTS}`)
        }),
      },
      { name: 'bare', run: oneByOne(() => insertBare(client, columns)) },
    ],
    {
      ...{ rounds: 15, sliceMs: 1, warmUpRounds: 2, stopwatch: wallTime },
      beforeSlice: () => {
        records = newRecords()
        columns = renewed(stored)
      },
    },
  )
  client.release()
  await pool.end()
  await postgres.stop()
  const text = { id: 'mirror-floor', title: 'speed of a bare INSERT … FROM unnest that a pass of the mirror reaches' }
  return [
    ratio({ ...text, goal: { atLeast: 0.8 } }, samples.bare!, samples.mirror!),
    figure(
      { id: 'mirror-event', title: 'a pass of the mirror, per event' },
      'µs',
      samples.mirror!.map((us) => us / EVENTS),
    ),
  ]
}

function newRecords(): TrailRecord[] {
  return Array.from({ length: EVENTS }, (_, n) => {
    const id = randomUUID()
    const text = 'a text of thirty characters'
    const part = { accountId: text, arn: text, type: text, principalId: text, accessKeyId: text, invokedBy: text }
    const time = new Date(DAY + n * 1_000).toISOString()
    const raw = JSON.stringify({
      ...{
        eventVersion: '1.11',
        eventID: id,
        eventTime: time,
        eventSource: text,
        eventName: 'Decrypt',
        awsRegion: text,
      },
      ...{ sourceIPAddress: '192.0.2.1', userAgent: text, readOnly: true, managementEvent: true, requestID: id },
      ...{ userIdentity: { ...part, sessionContext: { sessionIssuer: part } }, responseElements: null },
      ...{ requestParameters: { encryptionContext: { tenant: 't-7' } }, resources: [part, part], tlsDetails: part },
    })
    return { raw }
  })
}

/** As little as a provider can do: what is measured is the mirror. */
function normalize({ raw }: TrailRecord): Normalized {
  const { eventID, eventTime, eventName, requestID, userIdentity, userAgent, sourceIPAddress } = JSON.parse(raw)
  return {
    event: {
      ...{
        uid: eventID,
        uidQuality: 'native',
        scope: SCOPE,
        time: new Date(eventTime),
        timeText: eventTime,
        kind: 'call',
      },
      ...{ operation: eventName, operationClass: 'decrypt', outcome: 'success', requestId: requestID, userAgent },
      ...{ principal: userIdentity.arn, kekId: 'k-7', kekVersion: '1', source: sourceIPAddress },
      context: { 'waxseal-entity': 'account', 'waxseal-row': '7', tenant: 't-7' },
    },
  }
}

function readerOf(records: readonly TrailRecord[]): TrailReader {
  return {
    ...{ provider: 'aws', name: 'benchmark', scope: SCOPE, intervalMs: 60_000 },
    probe: async () => [],
    goesBackTo: () => undefined,
    async *read(): AsyncIterable<TrailBatch> {
      for (let n = 0; n < EVENTS; n += BATCH_EVENTS) yield { records: records.slice(n, n + BATCH_EVENTS), cursor: n }
    },
    close: async () => undefined,
  }
}

interface Columns {
  readonly names: readonly string[]
  readonly types: readonly string[]
  readonly lists: readonly (readonly unknown[])[]
}

/** All that the mirror filled in, as text. */
async function storedColumns(client: pg.PoolClient): Promise<Columns> {
  const { rows: columns } = await client.query(
    `SELECT attname AS name, format_type(atttypid, NULL) AS type FROM pg_attribute
    WHERE attrelid = 'waxseal.audit_event'::regclass AND attnum > 0 AND attname NOT IN ('mirrored_at', 'written_in')`,
  )
  const names = columns.map(({ name }) => name as string)
  const { rows } = await client.query(
    `SELECT ${names.map((name) => `${name}::text`).join(', ')} FROM waxseal.audit_event`,
  )
  return { names, types: columns.map(({ type }) => type), lists: names.map((name) => rows.map((row) => row[name])) }
}

/** With ids that are not stored yet. */
function renewed({ names, types, lists }: Columns): Columns {
  const fresh = new Set(['id', 'event_uid', 'request_id'])
  return { names, types, lists: lists.map((list, n) => (fresh.has(names[n]!) ? list.map(() => randomUUID()) : list)) }
}

async function insertBare(client: pg.PoolClient, { names, types, lists }: Columns): Promise<void> {
  const arrays = types.map((type, n) => `$${n + 1}::text[]::${type}[]`).join(', ')
  for (let n = 0; n < EVENTS; n += BATCH_EVENTS) {
    const batch = lists.map((list) => list.slice(n, n + BATCH_EVENTS))
    await client.query(`INSERT INTO waxseal.audit_event (${names}) SELECT * FROM unnest(${arrays})`, batch)
  }
}
