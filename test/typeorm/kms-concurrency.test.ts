import { randomUUID } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import type { Repository } from 'typeorm'
import { type Fault, hang } from '../../src/testing/faults.js'
import { ManualClock } from '../../src/testing/index.js'
import { decryptAll } from '../../src/typeorm/index.js'
import { type FreshDatabase, freshDatabase } from '../setup/database.js'
import { type EncryptedDataSource, encryptedDataSource } from './data-source.js'
import { Key, READ_ENTITIES, Shop } from './read-entities.js'

const CONCURRENCY = 64
const ROWS = 1000
const TIMEOUT_MS = 5_000

const clock = new ManualClock()
const tenantId = randomUUID()
let database: FreshDatabase
let encrypted: EncryptedDataSource
let shops: Repository<Shop>

beforeAll(async () => {
  database = await freshDatabase()
  encrypted = await encryptedDataSource(database, READ_ENTITIES, { cipher: { clock }, encryption: { clock } })
  shops = encrypted.dataSource.getRepository(Shop)
  await shops.insert(Array.from({ length: ROWS }, (_, n) => ({ tenantId, apiKey: `key ${n}`, token: `token ${n}` })))
})

beforeEach(() => {
  encrypted.provider.faults.clear()
  encrypted.provider.clearCalls()
  encrypted.cipher.forgetAll()
})

afterAll(async () => {
  await encrypted?.dataSource.destroy()
  await database?.drop()
})

/** Holds every call until it is released, and counts how many are held at once. */
function gate() {
  const held: (() => void)[] = []
  let maximum = 0
  const fault: Fault = {
    async transport(call, send) {
      await new Promise<void>((resolve) => {
        held.push(resolve)
        maximum = Math.max(maximum, held.length)
      })
      return send(call.options)
    },
  }
  return { fault, held, maximum: () => maximum }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await setImmediate()
}

/** Runs to its end an operation whose calls are held, releasing them one by one whenever no more arrive. */
async function maximumInFlight(operation: () => Promise<unknown>, total: number): Promise<number> {
  const { fault, held, maximum } = gate()
  encrypted.provider.faults.inject(fault)
  const running = operation()
  for (let released = 0; released < total; released++) {
    await until(() => held.length >= Math.min(CONCURRENCY, total - released))
    // More would have come by now if they could.
    await setImmediate()
    held.shift()!()
  }
  await running
  return maximum()
}

test('find() of 1,000 cold rows keeps 64 unwraps in flight, and one for each data key in all', async () => {
  let found: Shop[] = []
  const find = async () => {
    found = await shops.findBy({ tenantId })
  }
  expect(await maximumInFlight(find, ROWS)).toBe(CONCURRENCY)
  expect(encrypted.provider.calls).toHaveLength(ROWS)
  expect(new Set(found.map(({ apiKey }) => apiKey)).size).toBe(ROWS)
})

test('insert() of 200 rows keeps 64 generates in flight', async () => {
  const rows = Array.from({ length: 200 }, () => ({ tenantId: randomUUID(), apiKey: 'k' }))
  expect(await maximumInFlight(() => shops.insert(rows), 200)).toBe(CONCURRENCY)
})

test('decryptAll() of 200 lazy rows keeps 64 unwraps in flight', async () => {
  const select = { id: true, tenantId: true, token: true, encryptionMetadata: true } as const
  const rows = await shops.find({ where: { tenantId }, select, loadEagerRelations: false, take: 200 })
  expect(await maximumInFlight(() => decryptAll(shops, rows), 200)).toBe(CONCURRENCY)
})

test('the rows of a join share the bound with those they are joined to', async () => {
  const shop = await shops.save(shops.create({ tenantId: randomUUID(), apiKey: 'parent' }))
  const keys = encrypted.dataSource.getRepository(Key)
  await keys.insert(Array.from({ length: 100 }, (_, position) => ({ position, value: `${position}`, shopId: shop.id })))
  encrypted.cipher.forgetAll()
  encrypted.provider.clearCalls()
  const find = () => shops.findOneOrFail({ where: { id: shop.id }, relations: { keys: true } })
  expect(await maximumInFlight(find, 101)).toBe(CONCURRENCY)
})

test('one deadline ends the whole operation, whatever still waits for its turn', async () => {
  encrypted.provider.faults.inject(hang())
  const started = clock.now()
  const finding = shops.findBy({ tenantId }).catch((error: unknown) => ({ error, at: clock.now() }))
  await until(() => encrypted.provider.calls.length === CONCURRENCY)
  await clock.advance(TIMEOUT_MS - 1)
  expect(encrypted.provider.calls).toHaveLength(CONCURRENCY)
  await clock.advance(1)
  expect(await finding).toMatchObject({
    error: { code: 'ERR_KMS_UNAVAILABLE', reason: 'timeout' },
    at: started + TIMEOUT_MS,
  })
  // The rows in the queue give up without asking.
  await setImmediate()
  expect(encrypted.provider.calls).toHaveLength(CONCURRENCY)
  expect(clock.pendingTimers).toBe(0)
})

test('a later operation has a deadline of its own', async () => {
  await clock.advance(60_000)
  expect(await shops.findBy({ tenantId })).toHaveLength(ROWS)
})

test('two operations at once do not share a deadline', async () => {
  const [one, other] = await shops.find({ where: { tenantId }, take: 2, order: { id: 'ASC' } })
  encrypted.cipher.forgetAll()
  encrypted.provider.clearCalls()
  encrypted.provider.faults.inject(hang())
  const outcomes: string[] = []
  const find = (name: string, { id }: Shop) =>
    shops.findOneBy({ id }).catch(() => outcomes.push(`${name} at ${clock.now() - started}`))
  const started = clock.now()
  const first = find('first', one!)
  await until(() => encrypted.provider.calls.length === 1)
  await clock.advance(1_000)
  const second = find('second', other!)
  await until(() => encrypted.provider.calls.length === 2)
  await clock.advance(TIMEOUT_MS)
  await Promise.all([first, second])
  expect(outcomes).toEqual(['first at 5000', 'second at 6000'])
})
