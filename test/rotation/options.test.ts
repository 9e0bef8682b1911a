import { setImmediate } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import pg from 'pg'
import { EnvelopeCipher } from '../../src/index.js'
import { rotate } from '../../src/rotation/index.js'
import { FaultyProvider } from '../../src/testing/index.js'
import { Credentials, remove } from '../postgres/credentials.js'
import { nothing, Rotating } from './rotating.js'

let r: Rotating
beforeAll(async () => {
  r = await Rotating.create()
})
afterAll(() => r.drop())
beforeEach(() => r.credentials.query('TRUNCATE {table}'))

test('"batchRows" are stored in one transaction, 1,000 unless said otherwise', async () => {
  await r.insert(5)
  r.credentials.provider.kms.rotate()
  const sizes = () => r.events.flatMap((event) => (event.type === 'batch' && event.rows > 0 ? [event.rows] : []))
  await r.rotate({ batchRows: 2 })
  expect(sizes()).toEqual([2, 2, 1])
  r.credentials.provider.kms.rotate()
  r.events.length = 0
  const { cipher, table } = r.credentials
  await rotate({ cipher, tables: [table], pool: r.pool, onEvent: (event) => r.events.push(event) })
  expect(sizes()).toEqual([5])
})

test('the KMS is asked for "concurrency" rows at a time, for 64 unless said otherwise', async () => {
  await r.insert(70)
  async function mostAtOnce(options: object): Promise<number> {
    r.credentials.provider.kms.rotate()
    let [running, most] = [0, 0]
    const cipher = r.intercepted(async (rewrap) => {
      running += 1
      most = Math.max(most, running)
      await setImmediate()
      const next = await rewrap()
      running -= 1
      return next
    })
    await r.rotate({ cipher, batchRows: 100, ...options })
    return most
  }
  expect(await mostAtOnce({ concurrency: 3 })).toBe(3)
  expect(await mostAtOnce({})).toBe(64)
})

test('a "rate" is written down with the run, and whoever joins it has to have the same', async () => {
  await r.insert(1)
  r.credentials.provider.kms.rotate()
  const controller = new AbortController()
  const opening = r.rotate({
    rate: 5,
    signal: controller.signal,
    onEvent: ({ type }) => type === 'started' && controller.abort(),
  })
  expect(await opening).toMatchObject({ state: 'running', rewrapped: 0 })
  await expect(r.rotate({ rate: 6 })).rejects.toThrow('is open with the options {"rate":5,"verify":"each"}')
  expect(await r.rotate({ rate: 5 })).toMatchObject({ state: 'finished', rewrapped: 1 })
})

test('a "signal" that is aborted ends the work between batches, and the run goes on later', async () => {
  await r.insert(9)
  r.credentials.provider.kms.rotate()
  const controller = new AbortController()
  const stopped = await r.rotate({
    signal: controller.signal,
    onEvent: ({ type }) => type === 'batch' && controller.abort(),
  })
  expect(stopped).toMatchObject({ state: 'running', failed: 0 })
  expect(stopped.rewrapped).toBe(9 - (await r.stale()))
  expect(stopped.rewrapped).toBeLessThan(9)
  expect(await r.rotate()).toMatchObject({ ...nothing, run: stopped.run, rewrapped: 9, compared: 9 })
})

test('"tables" are gone through one after the other, a run for each', async () => {
  const other = await Credentials.create(r.database.client, { table: 'other' })
  await r.insert(2)
  await other.insert({ password: 'x' })
  const { provider } = r.credentials
  const cipher = new EnvelopeCipher({ provider: new FaultyProvider({ name: 'next' }), accepted: [{ provider }] })
  const tables = [r.credentials.table, { ...other.table, entity: 'other' }]
  // What `other` holds was wrapped by a provider of its own, which is not on the list.
  expect(await rotate({ cipher, tables, pool: r.pool })).toMatchObject([
    { entity: 'credential', rewrapped: 2 },
    { entity: 'other', rewrapped: 0, failed: 1 },
  ])
})

describe('where the KEK depends on the context', () => {
  /** Tenants have a KEK of their own when they are named, and share one else. */
  function perTenant(...own: string[]): EnvelopeCipher {
    const tenants = new Map(own.map((tenant) => [tenant, new FaultyProvider({ kekId: `kek-of-${tenant}` })]))
    const shared = r.credentials.provider
    const of = (context: Readonly<Record<string, string>>) => tenants.get(context['tenant'] ?? '') ?? shared
    return new EnvelopeCipher({
      provider: {
        name: shared.name,
        currentKek: (context, options) => of(context).currentKek(context, options),
        generateDataKey: (context, options) => of(context).generateDataKey(context, options),
        wrap: (dataKey, context, options) => of(context).wrap(dataKey, context, options),
        async unwrap(wrapped, context, options) {
          const isOwn = wrapped.kek.id.startsWith('kek-of-')
          return (isOwn ? of(context) : shared).unwrap(wrapped, context, options)
        },
        async rewrap(wrapped, context, options) {
          const dataKey = await shared.unwrap(wrapped, context, options)
          return of(context).wrap(dataKey, context, options)
        },
      },
    })
  }

  test('each row is asked with kekPerContext, also in a set that is current for others', async () => {
    await r.credentials.insert({ password: 'x' }, 'acme')
    const own = await r.credentials.insert({ password: 'y' }, 'globex')
    const cipher = perTenant('globex')
    const kekOf = async () => (await r.credentials.read(own.id)).encryption_metadata.wraps[0].kek.id
    await expect(r.rotate({ cipher, kekPerContext: true })).resolves.toMatchObject({
      ...nothing,
      rewrapped: 1,
      compared: 1,
      current: 1,
    })
    expect(await kekOf()).toBe('kek-of-globex')
    expect(await r.rotate({ cipher, kekPerContext: true })).toMatchObject({ ...nothing, current: 2 })
  })

  test('without it, two sets with different current KEKs are refused', async () => {
    await r.credentials.insert({ password: 'x' }, 'acme')
    await r.credentials.insert({ password: 'y' }, 'globex')
    const cipher = perTenant('globex')
    await r.rotate({ cipher, kekPerContext: true })
    await expect(r.rotate({ cipher })).rejects.toMatchObject({
      code: 'ERR_CONFIGURATION',
      message: expect.stringContaining('set kekPerContext: true'),
    })
    await r.pool.query(`UPDATE waxseal.run SET state = 'cancelled' WHERE state = 'running'`)
  })
})

describe('is refused', () => {
  test('an unknown option', async () => {
    await expect(r.rotate({ parallel: 3 } as object)).rejects.toMatchObject({
      code: 'ERR_CONFIGURATION',
      message: expect.stringContaining('unknown option "parallel"'),
    })
  })

  test('a table without the index by which rows are found', async () => {
    const bare = await Credentials.create(r.database.client, { table: 'bare' })
    await remove(r.database.client, bare.table)
    await expect(r.rotate({ tables: [bare.table] })).rejects.toMatchObject({
      code: 'ERR_CONFIGURATION',
      message: expect.stringContaining('waxseal guard install --concurrently'),
    })
  })

  test('a database without the schema of runs', async () => {
    await r.pool.query('ALTER SCHEMA waxseal RENAME TO elsewhere')
    try {
      await expect(r.rotate()).rejects.toMatchObject({
        code: 'ERR_CONFIGURATION',
        message: expect.stringContaining('waxseal schema install'),
      })
    } finally {
      await r.pool.query('ALTER SCHEMA elsewhere RENAME TO waxseal')
    }
  })

  test('a pool that has not enough connections, for one of which it would wait for ever', async () => {
    const pool = new pg.Pool({ connectionString: r.database.url, max: 2 })
    await expect(r.rotate({ pool })).rejects.toMatchObject({
      code: 'ERR_CONFIGURATION',
      message: 'expected a pool of at least 3 connections, found one of 2; set its "max"',
    })
    await pool.end()
    await r.pool.query(`UPDATE waxseal.run SET state = 'cancelled' WHERE state = 'running'`)
  })

  test('a run that was paused', async () => {
    await r.pool.query(
      `INSERT INTO waxseal.run (kind, entity, table_name, state, started_by) VALUES ('rotate', 'credential', $1, 'paused', 'x')`,
      [r.credentials.name],
    )
    await expect(r.rotate()).rejects.toMatchObject({ message: expect.stringMatching(/is paused; resume it with/) })
    await r.pool.query(`UPDATE waxseal.run SET state = 'cancelled'`)
  })
})
