import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { readHorizon } from '../../../src/audit/integrity/unappended.js'
import { readMirrorStatus } from '../../../src/audit/mirror/mirror-status.js'
import { calledProviders } from '../../../src/audit/reconciliation/storage/called-providers.js'
import { openDays, rememberSeen } from '../../../src/audit/reconciliation/storage/open-days.js'
import { reconcileTrails } from '../../../src/audit/reconciliation/storage/reconcile-trails.js'
import type { FreshDatabase } from '../../setup/database.js'
import { databaseWithSchema } from '../../setup/database-with-schema.js'
import { fillTables, pretendMillions } from '../review/large-tables.js'
import { type Scan, scansWithin } from '../review/plans.js'
import { AuditRows } from '../review/rows.js'
import { MUCH_LATER, trail } from './stored.js'

const DAY = '2026-05-15'

/** Those of the mirror and the reconciliation that are no partitions: a row for each pass, record or day of years. */
const WHOLE = [
  ...['trail_coverage', 'trail_posture', 'trail_quarantine', 'finding', 'finding_note'],
  ...['shredded_row', 'superseded_envelope'],
]
const FILLED = new Set([
  ...['audit_event', 'event_state', 'audit_sighting', 'state_change', 'ledger_attempt', 'ledger_end', 'attempt_state'],
  ...WHOLE,
])

let database: FreshDatabase
beforeAll(async () => {
  database = await databaseWithSchema()
  const { client } = database
  await fillTables(client)
  // Whatever has a query of its own.
  await new AuditRows(client).event(`${DAY}T12:00:00Z`, {
    ...{ kek_id: 'strange', copy_group: 'c', context: JSON.stringify({ 'waxseal-envelope': 'e' }) },
  })
  for (const statement of REST) await client.query(statement)
  await pretendMillions(client, WHOLE)
  // Of a disk without a head: what these tables are kept on.
  await client.query('SET random_page_cost = 1.1')
})
afterAll(() => database.drop())

const SOURCES = `(SELECT id FROM waxseal.trail_source) source`
const REST = [
  `INSERT INTO waxseal.audit_sighting (event, event_time, source, raw_sha256)
    SELECT id, event_time, source, raw_sha256 FROM waxseal.audit_event`,
  `INSERT INTO waxseal.trail_cursor (source, read_at) SELECT id, now() FROM ${SOURCES}`,
  `INSERT INTO waxseal.trail_coverage (source, covers, scanned_at, complete)
    SELECT id, tstzrange(at, at + interval '2 hours'), at + interval '2 hours', true
    FROM ${SOURCES}, generate_series('2026-04-01'::timestamptz, '2026-07-01', '1 hour') at`,
  `INSERT INTO waxseal.trail_posture (source, checked_at, ok, checks)
    SELECT id, at, true, '[]' FROM ${SOURCES}, generate_series('2026-04-01'::timestamptz, '2026-07-01', '1 hour') at`,
  `INSERT INTO waxseal.trail_quarantine (source, reason, payload, payload_sha256, quarantined_at)
    SELECT id, 'r', 'p', sha256(n::text::bytea), '2026-04-01'::timestamptz + n * interval '1 hour'
    FROM ${SOURCES}, generate_series(1, 2000) n`,
  `INSERT INTO waxseal.finding (id, kind, severity, provider, scope, subject, occurred_at)
    SELECT gen_random_uuid(), 'unaccounted', 'high', 'aws', '1/eu', n::text, '2026-04-01'::timestamptz + n * interval '1 hour'
    FROM generate_series(1, 2000) n`,
  `INSERT INTO waxseal.finding (id, kind, severity, provider, scope, subject, occurred_at)
    VALUES (gen_random_uuid(), 'quarantined', 'medium', 'aws', '1/eu', 'q', '2026-06-23')`,
  `INSERT INTO waxseal.finding_note (id, finding, action, reason) SELECT gen_random_uuid(), id, 'resolved', 'r' FROM waxseal.finding`,
  `WITH receipt AS (INSERT INTO waxseal.shred_receipt (id, target, tables, reason, who, caches_kept, backups_kept)
      VALUES (gen_random_uuid(), '{}', '[]', 'r', 'w', '0', '0') RETURNING id)
    INSERT INTO waxseal.shredded_row (receipt, entity, primary_key, envelope, wraps)
    SELECT id, 'account', to_jsonb(n), 'e-' || n, '[]' FROM receipt, generate_series(1, 2000) n`,
  `INSERT INTO waxseal.superseded_envelope (envelope, run) SELECT 'r-' || n, gen_random_uuid() FROM generate_series(1, 2000) n`,
]

/** What reads a table from its beginning to its end, with the statement. */
const wholeReads = (scans: readonly (Scan & { readonly text: string })[]) =>
  scans.filter(({ how }) => how === 'Seq Scan').map(({ table, month, text }) => `${table} ${month ?? ''}: ${text}`)

test('the status of the mirror reads no table from its beginning to its end', async () => {
  const scans = await scansWithin(database.client, FILLED, readMirrorStatus)
  expect(wholeReads(scans)).toEqual([])
  const read = new Set(scans.map(({ table }) => table))
  expect(read).toEqual(new Set(['trail_coverage', 'trail_posture', 'trail_quarantine']))
})

const BETWEEN = /(\w+\.\w+) >= \$\d AND \1 < \$\d/
const DATED = new Set(['audit_event', 'ledger_attempt'])

test('a day is reconciled by indexes, from the month that it lies in', async () => {
  const scans = await scansWithin(database.client, FILLED, (client) =>
    reconcileTrails(client, { trails: { aws: trail }, now: MUCH_LATER, days: { from: DAY, to: DAY } }),
  )
  expect(wholeReads(scans)).toEqual([])
  // What may lie in any month (the last use of a key, the end of an attempt) is looked for by other columns, record by record.
  const ofTheDay = scans.filter(({ text, table }) => BETWEEN.test(text) && DATED.has(table))
  expect(new Set(ofTheDay.map(({ table }) => table))).toEqual(DATED)
  expect(new Set(ofTheDay.map(({ month }) => month))).toEqual(new Set(['202605']))
})

test('which days are open is asked of the indexes of what was written last', async () => {
  const unit = { provider: 'aws', trail, scope: '1/eu', scopes: ['1/eu'], isOnly: true }
  await rememberSeen(database.client, unit, await readHorizon(database.client))
  const horizon = await readHorizon(database.client)
  const scans = await scansWithin(database.client, FILLED, (client) => openDays(client, unit, horizon))
  expect(wholeReads(scans)).toEqual([])
  for (const table of ['audit_event', 'ledger_attempt', 'ledger_end']) {
    expect(scans.find((scan) => scan.table === table)?.index).toMatch(/written_in/)
  }
})

test('which providers are called is asked of indexes', async () => {
  const scans = await scansWithin(database.client, FILLED, calledProviders)
  expect(wholeReads(scans)).toEqual([])
  expect(new Set(scans.map(({ index }) => index?.replace(/^.*\d{6}_|_idx\d*$/g, '')))).toEqual(
    new Set(['provider', 'kek_id_inserted_at_id']),
  )
})
