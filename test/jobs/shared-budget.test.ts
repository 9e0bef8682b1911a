import { afterAll, beforeAll, expect, test } from '@jest/globals'
import pg from 'pg'
import { SharedBudget } from '../../src/jobs/index.js'
import type { FreshDatabase } from '../setup/database.js'
import { databaseWithSchema } from '../setup/database-with-schema.js'

let database: FreshDatabase
const pools: pg.Pool[] = []
beforeAll(async () => {
  database = await databaseWithSchema()
  for (let n = 0; n < 3; n++) pools.push(new pg.Pool({ connectionString: database.url, max: 4 }))
})
afterAll(async () => {
  for (const pool of pools) await pool.end()
  await database.drop()
})

const HOUR_MS = 3_600_000
const nextTurn = async (kek: string) => {
  const { rows } = await database.client.query('SELECT next_at FROM waxseal.call_budget WHERE kek = $1', [kek])
  return (rows[0].next_at as Date).getTime()
}

test('reservations of several processes at once follow each other without a gap or an overlap', async () => {
  const kek = { provider: 'local', id: 'shared' }
  const before = await database.client.query('SELECT clock_timestamp() AS now')
  const budgets = pools.map((pool) => new SharedBudget(pool, () => 10))
  const made = await Promise.all(
    Array.from({ length: 30 }, (_, n) => budgets[n % 3]!.reserve(kek, 1 + (n % 4), HOUR_MS)),
  )
  const calls = made.reduce((sum, { granted }) => sum + granted, 0)
  expect(calls).toBe(Array.from({ length: 30 }, (_, n) => 1 + (n % 4)).reduce((sum, n) => sum + n))
  expect(made.every(({ intervalMs }) => intervalMs === 100)).toBe(true)
  // One call each 100 ms from the first on, whatever time the test took.
  expect((await nextTurn('shared')) - before.rows[0].now.getTime()).toBeGreaterThanOrEqual(calls * 100)
  const { rows } = await database.client.query(
    `SELECT next_at - starts_at = granted * interval '100 milliseconds' AS even FROM waxseal.call_budget WHERE kek = 'shared'`,
  )
  expect(rows).toEqual([{ even: true }])
})

test('what would come too late is not reserved', async () => {
  const kek = { provider: 'local', id: 'patience' }
  const budget = new SharedBudget(pools[0]!, () => 0.001)
  expect(await budget.reserve(kek, 5, 2_500_000)).toMatchObject({ granted: 3, intervalMs: 1_000_000 })
  const next = await nextTurn('patience')
  expect(await budget.reserve(kek, 1, 1_000)).toMatchObject({ granted: 0 })
  expect(await nextTurn('patience')).toBe(next)
})

test('turns that nobody used are not saved up', async () => {
  const kek = { provider: 'local', id: 'idle' }
  const budget = new SharedBudget(pools[0]!, () => 1)
  await budget.reserve(kek, 1, HOUR_MS)
  await database.client.query(`UPDATE waxseal.call_budget SET next_at = now() - interval '1 hour' WHERE kek = 'idle'`)
  await budget.reserve(kek, 1, HOUR_MS)
  const { rows } = await database.client.query(
    `SELECT next_at > now() - interval '1 minute' AS recent FROM waxseal.call_budget WHERE kek = 'idle'`,
  )
  expect(rows).toEqual([{ recent: true }])
})

test('a KEK without a rate is not bounded, and the database not asked', async () => {
  const asked: string[] = []
  const client = { query: async (text: string) => Promise.reject(asked.push(text)) }
  const budget = new SharedBudget(client, ({ provider }) => (provider === 'aws' ? 5 : undefined))
  expect(await budget.reserve({ provider: 'local', id: 'local' }, 7, 0)).toEqual({
    granted: 7,
    startsInMs: 0,
    intervalMs: 0,
  })
  expect(asked).toEqual([])
})
