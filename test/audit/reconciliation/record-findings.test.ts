import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { auditGrants } from '../../../src/audit/grants.js'
import type { FreshDatabase } from '../../setup/database.js'
import { databaseWithSchema } from '../../setup/database-with-schema.js'
import { KEY } from './records.js'
import { StoredTrail } from './stored.js'

let database: FreshDatabase
let stored: StoredTrail
beforeAll(async () => {
  database = await databaseWithSchema()
  stored = new StoredTrail(database.client)
  await stored.rows.event('2026-10-01T00:00:00Z', { kind: 'service', kek_id: KEY })
})
afterAll(() => database.drop())

const query = (text: string, values: unknown[] = []) => database.client.query(text, values)

test('case 19: one event that was seen with two contents is a finding', async () => {
  const day = '2026-11-02'
  await stored.unwrapped(`${day}T10:00:00Z`, 'r1')
  const event = await stored.logged(`${day}T10:00:00Z`, 'r1')
  const sight = (content: string) =>
    query(
      `INSERT INTO waxseal.audit_sighting (event, event_time, source, raw_sha256, canonical_sha256)
      SELECT id, event_time, source, sha256($2::text::bytea), ${content} FROM waxseal.audit_event WHERE id = $1`,
      [event, content],
    )
  await sight('coalesce(canonical_sha256, raw_sha256)')
  await stored.pass()
  expect(await stored.findings(day)).toEqual([])
  await sight("sha256('another')")
  await stored.pass({ days: { from: day, to: day } })
  expect(await stored.findings(day)).toEqual(['content-changed critical'])
})

test('a data key that is used after it was shredded is a finding, and before is none', async () => {
  const day = '2026-11-04'
  const receipt = '00000000-0000-7000-8000-000000000001'
  await query(
    `INSERT INTO waxseal.shred_receipt (id, target, tables, reason, who, caches_kept, backups_kept)
    VALUES ($1, '{}', '[]', 'test', 'test', '0', '0')`,
    [receipt],
  )
  await query(
    `INSERT INTO waxseal.shredded_row (receipt, entity, primary_key, envelope, wraps, shredded_at)
    VALUES ($1, 'account', '["1"]', 'e1', '[]', $2)`,
    [receipt, `${day}T11:00:00Z`],
  )
  for (const [hour, envelope] of [
    [10, 'e1'],
    [12, 'e1'],
    [13, 'e2'],
  ] as const) {
    await stored.unwrapped(`${day}T${hour}:00:00Z`, `s${hour}`)
    await stored.logged(`${day}T${hour}:00:00Z`, `s${hour}`, { context: { 'waxseal-envelope': envelope } })
  }
  await stored.pass()
  expect(await stored.findings(day)).toEqual(['superseded-envelope high'])
})

test('a data key that is used long after it was renewed is a finding; by a reader of the row as it was, or before, is none', async () => {
  const day = '2026-11-07'
  await query(
    `INSERT INTO waxseal.superseded_envelope (envelope, superseded_at, run) VALUES ('r1', $1, gen_random_uuid())`,
    [`${day}T11:00:00Z`],
  )
  for (const time of ['10:00', '11:59', '12:01']) {
    await stored.unwrapped(`${day}T${time}:00Z`, `renewed ${time}`)
    await stored.logged(`${day}T${time}:00Z`, `renewed ${time}`, { context: { 'waxseal-envelope': 'r1' } })
  }
  // Not ours, while a row had the envelope.
  await stored.logged(`${day}T09:00:00Z`, 'not ours', { context: { 'waxseal-envelope': 'r1' } })
  await stored.pass({ storedEnvelopes: async () => new Set() })
  expect(await stored.findings(day)).toEqual(['superseded-envelope high', 'unaccounted high'])
  const { rows } = await query(
    `SELECT detail ->> 'reason' AS reason, to_char(occurred_at AT TIME ZONE 'UTC', 'HH24:MI') AS time
    FROM waxseal.finding WHERE detail ->> 'envelope' = 'r1' AND kind = 'superseded-envelope'`,
  )
  expect(rows).toEqual([{ reason: 'renewed', time: '12:01' }])
})

test('an outside use of an envelope that is in no table is a finding of its own, and one that a row has is not', async () => {
  const day = '2026-11-06'
  for (const envelope of ['in-a-row', 'in-no-row']) {
    await stored.logged(`${day}T10:00:00Z`, `x-${envelope}`, { context: { 'waxseal-envelope': envelope } })
  }
  await stored.pass({ storedEnvelopes: async () => new Set(['in-a-row']) })
  expect(await stored.findings(day)).toEqual(['superseded-envelope high', 'unaccounted high', 'unaccounted high'])
})

test('case 43: after logging was switched off nothing is missing until a look finds the trail in order', async () => {
  const day = '2026-11-09'
  const attempts = [9, 11, 13].map((hour) =>
    stored.unwrapped(`${day}T${hour < 10 ? '0' : ''}${hour}:00:00Z`, `l${hour}`),
  )
  const [before, during, after] = await Promise.all(attempts)
  await stored.logged(`${day}T10:00:00Z`, 'off', {
    kind: 'logging',
    operation: 'StopLogging',
    operation_class: 'logging',
  })
  await stored.covered(day)
  await query(
    `INSERT INTO waxseal.trail_posture (source, checked_at, ok, checks)
    SELECT id, $1, true, '[]' FROM waxseal.trail_source`,
    [`${day}T12:00:00Z`],
  )
  await stored.pass()
  expect(await Promise.all([before, during, after].map((id) => stored.stateOfAttempt(id as string)))).toEqual([
    'missing',
    'unverifiable',
    'missing',
  ])
  expect(await stored.findings(day)).toEqual(['logging-changed critical', 'missing high', 'missing high'])
})

test('a source that went blind is a finding until it sees again; what nobody understood is one for each day', async () => {
  const day = '2026-11-11'
  await query(
    `INSERT INTO waxseal.trail_cursor (source, state, state_since, state_reason)
    SELECT id, 'blind', $1, 'access denied' FROM waxseal.trail_source`,
    [`${day}T10:00:00Z`],
  )
  for (const payload of ['one', 'two']) {
    await query(
      `INSERT INTO waxseal.trail_quarantine (source, quarantined_at, reason, payload, payload_sha256)
      SELECT id, $1, 'no JSON', $2::text::bytea, sha256($2::text::bytea) FROM waxseal.trail_source`,
      [`${day}T10:00:00Z`, payload],
    )
  }
  await stored.pass()
  expect(await stored.findings(day)).toEqual(['quarantined medium', 'source-blind critical'])
  await query(`UPDATE waxseal.trail_cursor SET state = 'ok'`)
  await stored.pass()
  expect(await stored.findings(day)).toEqual(['quarantined medium', 'source-blind critical resolved'])
})

test('the role of the mirror may do all of it', async () => {
  const role = `reconciling_${randomBytes(6).toString('hex')}`
  await query(`CREATE ROLE ${role}`)
  try {
    for (const statement of auditGrants('mirror', role)) await query(statement)
    const event = await stored.logged('2026-11-13T10:00:00Z', 'm1', { context: { 'waxseal-envelope': 'e9' } })
    await query(`SET ROLE ${role}`)
    await stored.pass()
    await query('RESET ROLE')
    expect(await stored.stateOf(event)).toBe('unaccounted')
  } finally {
    await query('RESET ROLE')
    await query(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
  }
})
