import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { showRecord } from '../../../src/audit/review/show.js'
import type { FreshDatabase } from '../../setup/database.js'
import { databaseWithSchema } from '../../setup/database-with-schema.js'
import { insertApplicationEvents, insertAttempts } from '../integrity/records.js'
import { freshLog, type SignedLog } from '../integrity/signed-log.js'
import { AuditRows } from './rows.js'

const NOON = '2026-05-10T12:00:00.000001Z'

let database: FreshDatabase
let rows: AuditRows
let log: SignedLog
beforeAll(async () => {
  database = await databaseWithSchema()
  rows = new AuditRows(database.client)
  log = await freshLog()
  await insertAttempts(log.client, 1)
  await insertApplicationEvents(log.client, 1)
  await log.checkpoint()
})
afterAll(async () => {
  await log.drop()
  await database.drop()
})

test('an event has the call of ours that accounts for it, and that call has its events', async () => {
  const { client } = database
  const call = randomUUID()
  const first = await rows.attempt(NOON, { call, actor: 'alice' })
  const second = await rows.attempt('2026-05-10T12:00:01Z', { call })
  await rows.attempt(NOON)
  await rows.end(second, '2026-05-10T12:00:02Z', { replies: '[{"requestId":"r-1"}]' })
  const raw = '{"eventID":"1","poison":"\\u0000 \\ud800","poison":"twice"}'
  const event = await rows.event(NOON, { raw, request_id: 'r-1' })
  await rows.eventState(event, NOON, { state: 'accounted', rule: 'R1', confidence: 'exact', attempt: first })
  await client.query(
    `INSERT INTO waxseal.state_change (id, subject, subject_id, subject_time, old_state, new_state, rule)
      VALUES ($1, 'event', $2, $3, 'pending', 'accounted', 'R1')`,
    [randomUUID(), event, NOON],
  )
  const shown = await showRecord(client, event)
  expect(shown).toMatchObject({
    record: { id: event, time: NOON, state: 'accounted', confidence: 'exact', attempt: first },
    stored: { raw, request_id: 'r-1' },
    attempts: [{ id: first, actor: 'alice' }, { id: second }],
    ends: [{ attempt: second, replies: [{ requestId: 'r-1' }] }],
    events: [{ id: event }],
    history: [{ from: 'pending', to: 'accounted', rule: 'R1' }],
  })
  expect(await showRecord(client, second)).toMatchObject({
    attempts: [{ id: first }, { id: second }],
    events: [{ id: event }],
  })
})

test('findings, who saw it, and its place in the log', async () => {
  const { client } = database
  const event = await rows.event(NOON)
  await client.query(
    `WITH source AS (SELECT id FROM waxseal.trail_source),
      sighting AS (INSERT INTO waxseal.audit_sighting (event, event_time, source, raw_sha256, proof)
        SELECT $1, $2, id, sha256('x'), 'digest' FROM source),
      leaf AS (INSERT INTO waxseal.log_leaf (position, kind, record, record_time, digest, hash)
        VALUES (7, 'event', $1, $2, sha256('x'), sha256('y')))
      INSERT INTO waxseal.finding (id, kind, severity, provider, scope, subject, occurred_at, event)
        VALUES ($3, 'unaccounted-use', 'high', 'aws', '1/eu', 'x', $2, $1)`,
    [event, NOON, randomUUID()],
  )
  expect(await showRecord(client, event)).toMatchObject({
    ...{ log: { position: '7', checkpoint: null, problem: 'no checkpoint is signed yet' }, attempts: [], events: [] },
    findings: [{ kind: 'unaccounted-use', severity: 'high' }],
    sightings: [
      { reader: 'test', proof: 'none' },
      { reader: 'test', proof: 'digest' },
    ],
  })
})

test('an application event', async () => {
  const id = await rows.application(NOON, { actor: 'bob', detail: { columns: ['token'] } })
  expect(await showRecord(database.client, id)).toMatchObject({
    ...{ record: { kind: 'application', actor: 'bob' }, stored: { detail: { columns: ['token'] } } },
    log: { position: null, problem: 'it is not appended to the log yet' },
  })
})

test('a record that is what was signed, one that was edited since, and one whose end was', async () => {
  const { client } = log
  const { rows: attempts } = await client.query('SELECT id, inserted_at FROM waxseal.ledger_attempt')
  const { rows: events } = await client.query('SELECT id FROM waxseal.application_event')
  const [attempt, event] = [attempts[0].id, events[0].id]
  const problemOf = async (id: string) => (await showRecord(client, id))?.log.problem
  const proven = await showRecord(client, attempt)
  expect(proven?.log).toMatchObject({
    checkpoint: { size: 3 },
    proof: [expect.any(String), expect.any(String)],
    problem: null,
  })
  expect(await problemOf(event)).toBeNull()
  await log.tamper(
    'application_event',
    `UPDATE waxseal.application_event SET actor = 'another' WHERE category = 'tool'`,
  )
  await log.tamper('ledger_end', `UPDATE waxseal.ledger_end SET outcome = 'failed'`)
  expect(await problemOf(event)).toMatch(/^it is not what stood at position \d of the log$/)
  expect(await problemOf(attempt)).toMatch(/^it is not what stood at position \d of the log$/)
  await log.tamper(
    'log_leaf',
    'DELETE FROM waxseal.log_leaf WHERE position = 0',
    'UPDATE waxseal.log_leaf SET position = 9 WHERE position = 1',
  )
  expect([await problemOf(event), await problemOf(attempt)].join()).toMatch(/the log lacks/)
})

test('each look is written down, also one that finds nothing', async () => {
  const { client } = database
  const nobody = randomUUID()
  expect(await showRecord(client, nobody)).toBeUndefined()
  const { rows: views } = await client.query(
    `SELECT detail FROM waxseal.application_event WHERE category = 'audit' AND action = 'show' ORDER BY inserted_at DESC LIMIT 1`,
  )
  expect(views).toEqual([{ detail: { record: nobody, records: 0 } }])
})

test('an id that is none', () => {
  return expect(showRecord(database.client, "' or true")).rejects.toMatchObject({ code: 'ERR_CONFIGURATION' })
})
