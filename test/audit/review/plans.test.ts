import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { countStatement, findStatement, type Statement } from '../../../src/audit/review/find.js'
import { type AuditQuery, checkedQuery } from '../../../src/audit/review/query.js'
import { readRecords } from '../../../src/audit/review/read-records.js'
import { searchAudit } from '../../../src/audit/review/search.js'
import { showRecord } from '../../../src/audit/review/show.js'
import type { FreshDatabase } from '../../setup/database.js'
import { databaseWithSchema } from '../../setup/database-with-schema.js'
import { fillTables, pretendMillions } from './large-tables.js'
import { type Scan, scansOf, scansWithin } from './plans.js'

const MAY = { from: new Date('2026-05-01'), to: new Date('2026-06-01') }

let database: FreshDatabase
beforeAll(async () => {
  database = await databaseWithSchema()
  await fillTables(database.client)
  await pretendMillions(database.client)
  // Of a disk without a head: what these tables are kept on.
  await database.client.query('SET random_page_cost = 1.1')
})
afterAll(() => database.drop())

const FILLED = new Set([
  ...['audit_event', 'event_state', 'ledger_attempt', 'ledger_end', 'attempt_state', 'application_event'],
])

const scansFor = (statement: Statement) => scansOf(database.client, statement, FILLED)

const find = (query: AuditQuery, after?: { time: string; id: string }) =>
  findStatement(checkedQuery({ ...MAY, ...query }), 51, after)

/** Every table by an index, and of those that a query has a time for, only the month that it asks for. */
function expectIndexed(scans: readonly Scan[]) {
  expect(scans.length).toBeGreaterThan(0)
  expect(scans.filter(({ how }) => how === 'Seq Scan')).toEqual([])
  // The end of an attempt may come in a later month.
  const pruned = scans.filter(({ table }) => table !== 'ledger_end')
  expect(new Set(pruned.map(({ month }) => month))).toEqual(new Set(['202605']))
}

describe('a search reads the one month that it asks for, by an index:', () => {
  const cases: Record<string, [query: AuditQuery, indexes: RegExp]> = {
    everything: [{}, /time|inserted_at|pkey|attempt/],
    'an actor': [{ actor: 'a-1' }, /principal|actor/],
    'the beginning of an actor': [{ actor: 'arn:p/*' }, /principal|actor|time/],
    // Of attempts that name no KEK, as few as here, either index of them will do.
    'a key': [{ key: 'k-1' }, /kek|pkey|provider/],
    'a tenant': [{ tenant: 't-1' }, /context|tenant|event_time/],
    'a credential': [{ entity: 'account', row: '7' }, /expr|row/],
    'a request': [{ requestId: 'r-1' }, /request|replies|pkey/],
    'a request that nobody accounts for': [{ requestId: 'r-1', state: 'unaccounted' }, /request|replies|pkey/],
    'what was denied': [{ outcome: 'denied' }, /time|inserted_at|pkey|attempt/],
    'what nobody accounts for': [{ state: 'unaccounted' }, /state|pkey|time_id/],
    'what was accounted for': [{ state: 'accounted' }, /time|pkey/],
    'a category': [{ category: 'audit' }, /category/],
  }
  for (const [what, [query, indexes]] of Object.entries(cases)) {
    test(what, async () => {
      const scans = await scansFor(find(query))
      expectIndexed(scans)
      for (const { index } of scans) expect(index).toMatch(indexes)
    })
  }

  test('the next page', async () => {
    const { rows } = await database.client.query(`SELECT id FROM waxseal.audit_event LIMIT 1`)
    const after = { time: '2026-05-15T00:00:00.000000Z', id: rows[0].id }
    expectIndexed(await scansFor(find({ key: 'k-1' }, after)))
  })

  test('a page in the middle of a year reads no month that is younger than it', async () => {
    const { rows } = await database.client.query(`SELECT id FROM waxseal.audit_event LIMIT 1`)
    const year = { from: new Date('2026-05-01'), to: new Date('2027-01-01') }
    const after = { time: '2026-05-15T00:00:00.000000Z', id: rows[0].id }
    expectIndexed(await scansFor(find({ ...year, key: 'k-1' }, after)))
  })

  test('a count', async () => {
    expectIndexed(await scansFor(countStatement(checkedQuery({ ...MAY, key: 'k-1' }), 10_000)))
  })
})

describe('failed attempts are looked up by the ends that say so, of the months that a query asks for and of later ones:', () => {
  for (const outcome of ['denied', 'error'] as const) {
    test(outcome, async () => {
      const ends = (await scansFor(find({ outcome }))).filter(({ table }) => table === 'ledger_end')
      expect(new Set(ends.map(({ month }) => month))).toEqual(new Set(['202605', '202606']))
      for (const { index } of ends) expect(index).toMatch(/error_code|failed/)
    })
  }
})

describe('a page of a state is where an index begins, and nothing is sorted for it:', () => {
  for (const state of ['unaccounted', 'accounted', 'missing', 'matched']) {
    test(state, async () => {
      const { text, values } = find({ state })
      const { rows } = await database.client.query(`EXPLAIN (FORMAT JSON) ${text}`, [...values])
      expect(sortsOf(rows[0]['QUERY PLAN'][0].Plan)).toEqual([])
    })
  }
})

/** What is sorted of more than a page: below each sort there is no limit. */
function sortsOf(node: any): unknown[] {
  const nodes = (each: any): any[] => [each, ...(each.Plans ?? []).flatMap(nodes)]
  return nodes(node)
    .filter((each) => each['Node Type'].endsWith('Sort'))
    .filter((each) => !nodes(each).some((below) => below['Node Type'] === 'Limit'))
    .filter((each) => nodes(each).some((below) => FILLED.has(below['Relation Name']?.replace(/_\d{6}$/, ''))))
}

test('the wide columns of a page are read from its month, by primary key', async () => {
  const { rows } = await database.client.query(findStatement(checkedQuery(MAY), 50).text, [...find({}).values])
  const scans = await scansWithin(database.client, FILLED, (client) => readRecords(client, rows as never))
  expectIndexed(scans)
  for (const { index } of scans) expect(index).toContain('pkey')
})

test('one record is found by its id in whichever month', async () => {
  const { records } = await searchAudit(database.client, { ...MAY, state: 'matched' }, { limit: 1 })
  const scans = await scansWithin(database.client, FILLED, (client) => showRecord(client, records[0]!.id))
  expect(scans.filter(({ how }) => how === 'Seq Scan')).toEqual([])
})
