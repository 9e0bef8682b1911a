import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { countAudit, searchAudit } from '../../../src/audit/review/search.js'
import type { FreshDatabase } from '../../setup/database.js'
import { databaseWithSchema } from '../../setup/database-with-schema.js'
import { AuditRows } from './rows.js'

const WINDOW = { from: new Date('2026-05-01'), to: new Date('2026-07-01') }
const SECOND = '2026-05-31T23:59:59'

let database: FreshDatabase
let rows: AuditRows
let inserted: string[]
beforeAll(async () => {
  database = await databaseWithSchema()
  rows = new AuditRows(database.client)
  // Of one millisecond, of one microsecond, and over the end of a month: what a cursor with less than all of it would lose.
  const times = [
    `${SECOND}.000001Z`,
    `${SECOND}.000002Z`,
    `${SECOND}.000002Z`,
    `${SECOND}.999999Z`,
    '2026-06-01T00:00:00Z',
  ]
  inserted = []
  for (const time of times) {
    inserted.push(await rows.event(time), await rows.attempt(time), await rows.application(time))
  }
})
afterAll(() => database.drop())

async function allPages(limit: number): Promise<string[]> {
  const ids: string[] = []
  let cursor: string | undefined
  do {
    const page = await searchAudit(database.client, WINDOW, { limit, ...(cursor !== undefined && { cursor }) })
    ids.push(...page.records.map(({ id }) => id))
    cursor = page.cursor
  } while (cursor !== undefined)
  return ids
}

test.each([1, 2, 4, 5, 15, 50])('pages of %i have each record once', async (limit) => {
  const whole = (await searchAudit(database.client, WINDOW, { limit: 1000 })).records.map(({ id }) => id)
  expect(await allPages(limit)).toEqual(whole)
  expect([...whole].sort()).toEqual([...inserted].sort())
})

test('a cursor keeps the window of its first page', async () => {
  const { cursor, ...first } = await searchAudit(database.client, WINDOW, { limit: 14 })
  const next = await searchAudit(database.client, {}, { cursor: cursor! })
  expect(next).toMatchObject({ from: first.from, to: first.to, records: [{ id: expect.any(String) }] })
})

describe('a cursor is refused', () => {
  const refused = { code: 'ERR_CONFIGURATION', message: expect.stringContaining('cursor: expected') }

  test('with other filters than those it came from', async () => {
    const { cursor } = await searchAudit(database.client, WINDOW, { limit: 1 })
    await expect(searchAudit(database.client, { ...WINDOW, actor: 'x' }, { cursor: cursor! })).rejects.toMatchObject(
      refused,
    )
  })

  test.each(['', 'x', Buffer.from('[]').toString('base64url'), Buffer.from('{"a":1}').toString('base64url')])(
    'when it is %j',
    (cursor) => expect(searchAudit(database.client, WINDOW, { cursor })).rejects.toMatchObject(refused),
  )

  test('when its time is none', async () => {
    const { cursor } = await searchAudit(database.client, WINDOW, { limit: 1 })
    const members = JSON.parse(Buffer.from(cursor!, 'base64url').toString()) as string[]
    members[2] = '2026-13-01T00:00:00.000000Z'
    const odd = Buffer.from(JSON.stringify(members)).toString('base64url')
    await expect(searchAudit(database.client, WINDOW, { cursor: odd })).rejects.toMatchObject(refused)
  })
})

test.each(['1) AS x, (SELECT 2', 0, Number.NaN])('no count up to %j goes into a statement', (most) => {
  return expect(countAudit(database.client, WINDOW, most as number)).rejects.toMatchObject({
    code: 'ERR_CONFIGURATION',
  })
})

test.each([0, 1001, 1.5])('a page of %d records is refused', (limit) => {
  return expect(searchAudit(database.client, WINDOW, { limit })).rejects.toMatchObject({ code: 'ERR_CONFIGURATION' })
})

test('what is more than 10,000 is not counted to its end', async () => {
  await database.client.query(
    `INSERT INTO waxseal.application_event (id, inserted_at, occurred_at, category, action, outcome, actor)
      SELECT gen_random_uuid(), '2026-05-02', '2026-05-02', 'access', 'read', 'success', 'busy' FROM generate_series(1, 10001)`,
  )
  expect(await countAudit(database.client, { ...WINDOW, actor: 'busy' })).toEqual({ count: 10_000, isMore: true })
})
