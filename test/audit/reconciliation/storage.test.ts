import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { FreshDatabase } from '../../setup/database.js'
import { databaseWithSchema } from '../../setup/database-with-schema.js'
import { KEY } from './records.js'
import { StoredTrail } from './stored.js'

let database: FreshDatabase
let stored: StoredTrail
beforeAll(async () => {
  database = await databaseWithSchema()
  stored = new StoredTrail(database.client)
  // The source and the key: of an event that the provider made by itself, and of an attempt that was never heard of again.
  await stored.rows.event('2026-10-01T00:00:00Z', { kind: 'service', kek_id: KEY })
  await stored.rows.attempt('2026-10-01T00:00:00Z', { kek_id: KEY })
})
afterAll(() => database.drop())

test('case 48: states, their history and findings are stored, and running twice changes nothing', async () => {
  const day = '2026-11-02'
  const attempt = await stored.unwrapped(`${day}T10:00:00Z`, 'r1')
  const accounted = await stored.logged(`${day}T10:00:00Z`, 'r1')
  const outside = await stored.logged(`${day}T11:00:00Z`, 'x1')
  const lost = await stored.unwrapped(`${day}T12:00:00Z`, 'r2')
  await stored.covered(day)
  const reports = await stored.pass()
  expect(reports.find((report) => report.day === day)).toMatchObject({
    events: { accounted: 1, unaccounted: 1 },
    attempts: { matched: 1, missing: 1 },
    settled: true,
    changed: 4,
  })
  expect([await stored.stateOf(accounted), await stored.stateOf(outside)]).toEqual(['accounted', 'unaccounted'])
  expect([await stored.stateOfAttempt(attempt), await stored.stateOfAttempt(lost)]).toEqual(['matched', 'missing'])
  expect(await stored.findings(day)).toEqual(['missing high', 'unaccounted high'])
  const before = await stored.written()
  expect(await stored.pass()).toEqual([])
  const again = await stored.pass({ days: { from: day, to: day } })
  expect(again).toMatchObject([{ day, changed: 0, events: { accounted: 1, unaccounted: 1 } }])
  expect(await stored.written()).toBe(before)
})

test('case 42: an event that arrives late reopens its day; missing becomes resolved late, with its history', async () => {
  const day = '2026-11-04'
  const attempt = await stored.unwrapped(`${day}T10:00:00Z`, 'r3')
  await stored.covered(day)
  await stored.pass()
  expect(await stored.stateOfAttempt(attempt)).toBe('missing')
  await stored.logged(`${day}T10:00:00Z`, 'r3')
  expect((await stored.pass()).map((report) => report.day)).toEqual([day])
  expect(await stored.history(attempt)).toEqual(['missing', 'missing -> resolved_late'])
  expect(await stored.findings(day)).toEqual(['missing high resolved'])
})

test('an interrupt ends it before a day, which the next pass does', async () => {
  const day = '2026-11-05'
  await stored.logged(`${day}T10:00:00Z`, 'x2')
  await stored.covered(day)
  await expect(stored.pass({ signal: AbortSignal.abort(new Error('stopped')) })).rejects.toThrow('stopped')
  expect((await stored.pass()).map((report) => report.day)).toEqual([day])
})

test('how many days a scope has is told before them, and each when it is done', async () => {
  const told: unknown[] = []
  await stored.pass({
    days: { from: '2026-11-02', to: '2026-11-04' },
    onDays: ({ provider, scope }, days) => told.push([provider, scope, days]),
    onDay: ({ day }) => told.push(day),
  })
  expect(told).toEqual([['aws', '1/eu', 3], '2026-11-02', '2026-11-03', '2026-11-04'])
})

test('what goes over midnight is matched once, by either day', async () => {
  const [before, after] = ['2026-11-06T23:59:59.9Z', '2026-11-07T00:00:00.1Z']
  const late = await stored.unwrapped(before, 'r4')
  const early = await stored.unwrapped(after, 'r5')
  const events = [await stored.logged(after, 'r4'), await stored.logged(before, 'r5')]
  await stored.covered('2026-11-06')
  await stored.pass({ days: { from: '2026-11-06', to: '2026-11-06' } })
  const first = await stored.written()
  expect(await Promise.all(events.map((event) => stored.stateOf(event)))).toEqual(['accounted', 'accounted'])
  expect([await stored.stateOfAttempt(late), await stored.stateOfAttempt(early)]).toEqual(['matched', 'matched'])
  const [report] = await stored.pass({ days: { from: '2026-11-07', to: '2026-11-07' } })
  expect(report).toMatchObject({ changed: 0, events: { accounted: 1 }, attempts: { matched: 1 } })
  expect((await stored.written()).length).toBeGreaterThan(first.length)
})

test('a key that requests of ours used is ours on days without any', async () => {
  const replies = [{ operation: 'Sign', requestId: 'k1', at: '2026-11-13T10:00:00Z' }]
  const attempt = await stored.rows.attempt('2026-11-13T10:00:00Z', { kek_id: KEY })
  await stored.rows.end(attempt, '2026-11-13T10:00:00Z', { replies: JSON.stringify(replies) })
  const sign = { kek_id: 'signing-key', operation: 'Sign', operation_class: 'sign' }
  await stored.logged('2026-11-13T10:00:00Z', 'k1', sign)
  await stored.pass()
  const outside = await stored.logged('2026-11-15T10:00:00Z', 'k2', sign)
  const ofOthers = await stored.logged('2026-11-15T10:00:00Z', 'k3', { ...sign, kek_id: 'of-others' })
  await stored.pass()
  expect([await stored.stateOf(outside), await stored.stateOf(ofOthers)]).toEqual(['unaccounted', 'expected'])
})

test('days that are asked for by name leave the others to the next pass', async () => {
  await stored.logged('2026-11-17T10:00:00Z', 'n1')
  await stored.pass({ days: { from: '2026-11-18', to: '2026-11-18' } })
  expect((await stored.pass()).map(({ day }) => day)).toContain('2026-11-17')
})

test('a finding is told once', async () => {
  const day = '2026-11-24'
  const told: string[] = []
  const pass = () => stored.pass({ days: { from: day, to: day }, onFinding: ({ kind }) => void told.push(kind) })
  const attempt = await stored.unwrapped(`${day}T10:00:00Z`, 't1')
  await stored.covered(day)
  await pass()
  await pass()
  expect([told, await stored.stateOfAttempt(attempt)]).toEqual([['missing'], 'missing'])
})

test('in another cluster, whose transactions have other numbers, everything is looked at once', async () => {
  const day = '2026-11-20'
  await stored.logged(`${day}T10:00:00Z`, 'c1')
  await stored.pass()
  expect(await stored.pass()).toEqual([])
  await database.client.query(
    `UPDATE waxseal.reconciled SET cluster = 'another', seen_below = '${2n ** 60n}' WHERE cluster <> ''`,
  )
  expect((await stored.pass()).map((report) => report.day)).toContain(day)
  expect(await stored.pass()).toEqual([])
})

test('an end that came through a journal reopens the day of its attempt', async () => {
  const at = '2026-11-22T10:00:00Z'
  const attempt = await stored.rows.attempt(at, { kek_id: KEY })
  await stored.pass()
  expect(await stored.stateOfAttempt(attempt)).toBe('not_delivered')
  const replies = [{ operation: 'Decrypt', requestId: 'j1', at }]
  await stored.rows.end(attempt, at, { replies: JSON.stringify(replies), journalled: true })
  await stored.pass()
  expect(await stored.stateOfAttempt(attempt)).toBe('unverifiable')
})

test('a trial stores nothing', async () => {
  await stored.logged('2026-11-09T10:00:00Z', 'x2')
  const before = await stored.written()
  const reports = await stored.pass({ dryRun: true })
  expect(reports.find(({ day }) => day === '2026-11-09')).toMatchObject({ events: { unaccounted: 1 }, changed: 0 })
  expect(await stored.written()).toBe(before)
})

test('a day of more than one page is loaded whole', async () => {
  const day = '2026-11-11'
  await stored.unwrapped(`${day}T00:00:00Z`, 'p0')
  await database.client.query(
    `WITH made AS (
      INSERT INTO waxseal.ledger_attempt (id, call, inserted_at, started_at, writer, provider, operation, kek_id)
      SELECT gen_random_uuid(), n, at, at, gen_random_uuid(), 'aws', 'unwrap', $2
      FROM generate_series(1, 1100) n, LATERAL (SELECT $1::timestamptz + n * interval '30 seconds' AS at)
      RETURNING id, call, inserted_at
    ), ended AS (
      INSERT INTO waxseal.ledger_end (attempt, inserted_at, ended_at, outcome, kek_id, latency_ms, replies)
      SELECT id, inserted_at, inserted_at, 'succeeded', $2, 1,
        jsonb_build_array(jsonb_build_object('operation', 'Decrypt', 'requestId', 'p' || call, 'at', inserted_at))
      FROM made
    )
    INSERT INTO waxseal.audit_event (id, source, provider, scope, event_uid, uid_quality, event_time, event_time_raw, kind,
      operation, operation_class, outcome, request_id, kek_id, raw, raw_sha256)
    SELECT gen_random_uuid(), (SELECT min(id) FROM waxseal.trail_source), 'aws', '1/eu', 'p' || call, 'native',
      inserted_at, '', 'call', 'Decrypt', 'decrypt', 'success', 'p' || call, $2, '', sha256('') FROM made`,
    [`${day}T00:00:00Z`, KEY],
  )
  const report = (await stored.pass()).find((each) => each.day === day)
  expect(report).toMatchObject({ events: { accounted: 1100 }, attempts: { matched: 1100, unverifiable: 1 } })
})

test('while somebody else works on a scope it is left out', async () => {
  const other = (await import('pg')).default
  const client = new other.Client({ connectionString: database.url })
  await client.connect()
  try {
    await client.query(`SELECT pg_advisory_lock(hashtextextended('waxseal reconcile aws 1/eu', 0))`)
    const told: unknown[] = []
    const onElsewhere = ({ scope }: { readonly scope: string }) => void told.push(scope)
    expect(await stored.pass({ days: { from: '2026-11-02', to: '2026-11-02' }, onElsewhere })).toEqual([])
    expect(told).toEqual(['1/eu'])
  } finally {
    await client.end()
  }
})

test('a writer that lags is waited for, and one that ended or fell silent is not', async () => {
  const day = '2026-11-24'
  const event = await stored.logged(`${day}T10:00:00Z`, 'w1')
  const writer = (heartbeat: string, ended: string | null) =>
    database.client.query(
      `INSERT INTO waxseal.ledger_writer (id, heartbeat_at, flushed_to, ended_at) VALUES (gen_random_uuid(), $1, $2, $3)`,
      [`${day}T${heartbeat}Z`, `${day}T09:00:00Z`, ended && `${day}T${ended}Z`],
    )
  const state = async () => {
    await stored.pass({ now: Date.parse(`${day}T10:30:00Z`), days: { from: day, to: day } })
    return stored.stateOf(event)
  }
  await writer('10:29:00', '10:29:30')
  await writer('10:14:59', null)
  expect(await state()).toBe('unaccounted')
  await writer('10:29:00', null)
  expect(await state()).toBe('pending')
})
