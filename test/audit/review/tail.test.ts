import { EventEmitter, once } from 'node:events'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import pg from 'pg'
import { type TailQuery, tailRecords } from '../../../src/audit/review/tail.js'
import type { FreshDatabase } from '../../setup/database.js'
import { databaseWithSchema } from '../../setup/database-with-schema.js'
import { AuditRows } from './rows.js'

let database: FreshDatabase
let writer: pg.Client
let rows: AuditRows
beforeAll(async () => {
  database = await databaseWithSchema()
  writer = new pg.Client({ connectionString: database.url })
  await writer.connect()
  rows = new AuditRows(writer)
  // Whoever makes a month keeps everybody else out of the tables until he commits.
  await writer.query(`SELECT waxseal.ensure_audit_month('2026-05-01')`)
})
afterAll(async () => {
  await writer.end()
  await database.drop()
})

const NOON = '2026-05-10T12:00:00Z'

test('brings what is stored from its begin on, and nothing from before', async () => {
  await rows.attempt(NOON)
  const end = new AbortController()
  const tail = tailRecords(database.client, {}, { signal: end.signal, intervalMs: 5 })
  // That somebody follows is the first.
  expect((await tail.next()).value).toMatchObject([{ kind: 'application', category: 'audit', operation: 'tail' }])
  const event = await rows.event(NOON)
  expect((await tail.next()).value).toMatchObject([{ kind: 'event', id: event }])
  const attempt = await rows.attempt(NOON)
  expect((await tail.next()).value).toMatchObject([{ kind: 'attempt', id: attempt }])
  end.abort()
  expect(await tail.next()).toEqual({ done: true, value: undefined })
})

/** The client, and its looks for records: each is told once it was answered. */
function watched() {
  const looks = new EventEmitter()
  const query = async (text: string, values?: unknown[]) => {
    const result = await database.client.query(text, values)
    if (text.includes('AS "writtenIn"')) looks.emit('look')
    return result
  }
  return { client: { query }, looks }
}

test('what commits late is not passed over by what was written after it and committed before', async () => {
  const end = new AbortController()
  const { client, looks } = watched()
  const tail = tailRecords(client, {}, { signal: end.signal, intervalMs: 5 })
  await tail.next()
  await writer.query('BEGIN')
  const early = await rows.attempt(NOON)
  const other = new pg.Client({ connectionString: database.url })
  await other.connect()
  const late = await new AuditRows(other).application(NOON)
  await other.end()
  const next = tail.next()
  await once(looks, 'look')
  await writer.query('COMMIT')
  expect((await next).value?.map(({ id }) => id)).toEqual([early, late])
  end.abort()
})

test('by filters', async () => {
  const end = new AbortController()
  const { client, looks } = watched()
  const query: TailQuery = { kinds: ['event', 'application'], actor: 'eve' }
  const tail = tailRecords(client, query, { signal: end.signal, intervalMs: 5 })
  const next = tail.next()
  await once(looks, 'look')
  await rows.event(NOON, { principal: 'adam' })
  const id = await rows.event(NOON, { principal: 'eve' })
  expect((await next).value).toMatchObject([{ id, actor: 'eve' }])
  end.abort()
})
