import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import pg from 'pg'
import { normalizeVault } from '../../../providers/vault/trail/normalize.js'
import { LeaseLostError, takeLease } from '../../../src/audit/mirror/lease.js'
import { storeBatch } from '../../../src/audit/mirror/store-batch.js'
import { registerSource } from '../../../src/audit/mirror/trail-source.js'
import type { CursorValue, TrailBatch } from '../../../src/audit/trail/trail-reader.js'
import type { FreshDatabase } from '../../setup/database.js'
import { databaseWithSchema } from '../../setup/database-with-schema.js'
import { auditLine } from '../vault/lines.js'

const NOW = new Date('2026-03-01T12:05:00Z')

let database: FreshDatabase
beforeAll(async () => {
  database = await databaseWithSchema()
})
afterAll(() => database.drop())

/** A source of its own, so that each test counts its own rows. */
async function leased(scope: string = randomUUID(), name = 'audit-file') {
  const source = await registerSource(database.client, { provider: 'vault', scope, name })
  const lease = { source, owner: randomUUID(), holdMs: 60_000 }
  await takeLease(database.client, lease)
  const store = (batch: Partial<TrailBatch> & { lines?: readonly string[] }, normalize = normalizeVault) => {
    const { lines = [], ...rest } = batch
    const records = lines.map((raw) => ({ raw }))
    return storeBatch(database.client, lease, { records, cursor: null, ...rest }, normalize, NOW)
  }
  return { source, lease, store }
}

async function rowsOf(scope: string): Promise<Record<string, unknown>[]> {
  const { rows } = await database.client.query(
    `SELECT e.*, e.event_time::text AS time, e.source_ip::text AS ip, (SELECT count(*)::int FROM waxseal.audit_sighting s
      WHERE s.event = e.id AND s.event_time = e.event_time) AS later
    FROM waxseal.audit_event e WHERE scope = $1 ORDER BY event_time, event_uid`,
    [scope],
  )
  return rows
}

const cursorOf = async (source: string): Promise<CursorValue> =>
  (await database.client.query('SELECT cursor FROM waxseal.trail_cursor WHERE source = $1', [source])).rows[0].cursor

test('stores events, the cursor and the coverage, and says what became of each record', async () => {
  const { source, store } = await leased()
  const lines = [
    auditLine(),
    auditLine({ type: 'request' }),
    'no JSON',
    auditLine({ path: 'kv/x', request: { mount_type: 'kv' } }),
  ]
  const covered = { from: new Date('2026-03-01T12:00:00Z'), to: NOW, complete: true, proof: { lines: 4 } }
  const counts = await store({ lines, cursor: { offset: 4 }, covered })
  const at = new Date('2026-03-01T12:00:00.123Z')
  expect(counts).toEqual({
    ...{ stored: 1, repeated: 0, ignored: 2, quarantined: 1, logging: 0, happened: { from: at, to: at } },
  })
  expect(await rowsOf(source.scope)).toMatchObject([
    {
      ...{ provider: 'vault', operation: 'transit/decrypt', outcome: 'success', kek_id: 'transit/waxseal' },
      ...{ ip: '10.0.0.7/32', source_text: null, principal: 'e-1', raw: lines[0], proof: 'none', later: 0 },
    },
  ])
  expect(await cursorOf(source.id)).toEqual({ offset: 4 })
  const { rows } = await database.client.query(
    'SELECT lower(covers) AS from, upper(covers) AS to, complete, proof, scanned_at FROM waxseal.trail_coverage WHERE source = $1',
    [source.id],
  )
  const { complete, proof } = covered
  expect(rows).toEqual([{ from: covered.from, to: NOW, complete, proof, scanned_at: NOW }])
})

test('one event by two readers, twice in a page and in two pages is one row, and each reader saw it', async () => {
  const one = await leased()
  const other = await leased(one.source.scope, 'another')
  const line = auditLine()
  expect(await one.store({ lines: [line, line] })).toMatchObject({ stored: 1, repeated: 1 })
  expect(await one.store({ lines: [line] })).toMatchObject({ stored: 0, repeated: 1 })
  expect(await other.store({ lines: [line] })).toMatchObject({ stored: 0, repeated: 1 })
  expect(await rowsOf(one.source.scope)).toMatchObject([{ source: one.source.id, later: 1 }])
})

test('two workers that store the same events at a time make one row of each', async () => {
  const one = await leased()
  const other = await leased(one.source.scope, 'another')
  const second = await ownClient()
  const lines = Array.from({ length: 20 }, () => auditLine())
  const batch = { records: lines.map((raw) => ({ raw })), cursor: null }
  const counts = await Promise.all([
    storeBatch(database.client, one.lease, batch, normalizeVault, NOW),
    storeBatch(second, other.lease, { ...batch, records: batch.records.toReversed() }, normalizeVault, NOW),
  ])
  await second.end()
  expect(counts.reduce((sum, { stored }) => sum + stored, 0)).toBe(20)
  expect(await rowsOf(one.source.scope)).toHaveLength(20)
})

test('two devices of one vault, with HMACs and times of their own, saw one event with one content', async () => {
  const { source, store } = await leased()
  const id = randomUUID()
  const first = auditLine({ id, salt: 'a', time: '2026-03-01T12:00:00.000100000Z' })
  const second = auditLine({ id, salt: 'b', time: '2026-03-01T12:00:00.007100000Z' })
  await store({ lines: [first] })
  expect(await store({ lines: [second] })).toMatchObject({ stored: 0, repeated: 1 })
  expect(await rowsOf(source.scope)).toMatchObject([{ later: 1, raw: first }])
  expect(await contentsOf(source.id)).toHaveLength(1)
})

test('one uid with another content is a second sighting, which says so', async () => {
  const { source, store } = await leased()
  const id = randomUUID()
  await store({ lines: [auditLine({ id })] })
  await store({ lines: [auditLine({ id, path: 'transit/decrypt/another' })] })
  expect(await rowsOf(source.scope)).toMatchObject([{ kek_id: 'transit/waxseal', later: 1 }])
  expect(await contentsOf(source.id)).toHaveLength(2)
})

test('a crash between rows and cursor leaves neither, and the next pass stores all of it once', async () => {
  const { source, lease, store } = await leased()
  const lines = [auditLine(), auditLine()]
  const dying = await ownClient()
  const query = dying.query.bind(dying)
  const crash = { query: (text: string, values?: unknown[]) => (text === 'COMMIT' ? end() : query(text, values)) }
  const end = async () => {
    await dying.end()
    throw new Error('the process is gone')
  }
  const batch = { records: lines.map((raw) => ({ raw })), cursor: { offset: 2 } }
  await expect(storeBatch(crash, lease, batch, normalizeVault, NOW)).rejects.toThrow('the process is gone')
  expect([await rowsOf(source.scope), await cursorOf(source.id)]).toEqual([[], null])
  expect(await store({ lines, cursor: { offset: 2 } })).toMatchObject({ stored: 2 })
  expect(await cursorOf(source.id)).toEqual({ offset: 2 })
})

test('who lost the lease stores nothing', async () => {
  const { source, lease, store } = await leased()
  await database.client.query('UPDATE waxseal.trail_cursor SET lease_until = clock_timestamp() WHERE source = $1', [
    source.id,
  ])
  expect(await takeLease(database.client, { ...lease, owner: randomUUID() })).toEqual({ cursor: null })
  expect(await takeLease(database.client, lease)).toBeUndefined()
  await expect(store({ lines: [auditLine()] })).rejects.toThrow(LeaseLostError)
  expect(await rowsOf(source.scope)).toEqual([])
})

test('the last instant of a month and the first of the next have partitions, months without one too', async () => {
  const { source, store } = await leased()
  const times = ['2019-12-31T23:59:59.999999999Z', '2020-01-01T00:00:00.000000000Z', '2031-02-28T23:59:59.999Z']
  await store({ lines: times.map((time) => auditLine({ time })) })
  const { rows } = await database.client.query(
    'SELECT tableoid::regclass::text AS name FROM waxseal.audit_event WHERE scope = $1 ORDER BY event_time',
    [source.scope],
  )
  expect(rows.map(({ name }) => name)).toEqual([201912, 202001, 203102].map((month) => `waxseal.audit_event_${month}`))
})

test('times that differ by nanoseconds stay two rows, each as it was written', async () => {
  const { source, store } = await leased()
  const times = ['2026-03-01T12:00:00.123456001Z', '2026-03-01T12:00:00.123456002Z']
  expect(await store({ lines: times.map((time) => auditLine({ time })) })).toMatchObject({ stored: 2 })
  expect((await rowsOf(source.scope)).map(({ event_time_raw }) => event_time_raw).sort()).toEqual(times)
})

async function ownClient(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  return client
}

async function contentsOf(source: string): Promise<unknown[]> {
  const { rows } = await database.client.query(
    `SELECT canonical_sha256 FROM waxseal.audit_event WHERE source = $1
    UNION SELECT canonical_sha256 FROM waxseal.audit_sighting WHERE source = $1`,
    [source],
  )
  return rows
}
