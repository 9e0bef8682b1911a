import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import pg from 'pg'
import { renew } from '../../src/rotation/index.js'
import { shred } from '../../src/shredding/index.js'
import { FaultyProvider } from '../../src/testing/index.js'
import { decryptAll, type EncryptedValue, protectedTablesOf } from '../../src/typeorm/index.js'
import type { FreshDatabase } from '../setup/database.js'
import { databaseWithSchema } from '../setup/database-with-schema.js'
import { type EncryptedDataSource, encryptedDataSource } from './data-source.js'
import { READ_ENTITIES, Shop } from './read-entities.js'
import { failureOf } from './refusal.js'

/** Two applications of one fleet over one database, while an operator shreds and renews. */
let database: FreshDatabase
let applications: [EncryptedDataSource, EncryptedDataSource]
beforeAll(async () => {
  database = await databaseWithSchema()
  const provider = new FaultyProvider()
  const start = (synchronize: boolean) =>
    encryptedDataSource(database, READ_ENTITIES, {
      ...{ provider, typeorm: { synchronize }, encryption: { fleet: 'require' } },
    })
  applications = [await start(true), await start(false)]
})
afterAll(async () => {
  for (const { dataSource } of applications) await dataSource.destroy()
  await database.drop()
})
beforeEach(() => database.client.query('DELETE FROM shop'))

const shopsOf = ({ dataSource }: EncryptedDataSource) => dataSource.getRepository(Shop)
const tables = () => protectedTablesOf(applications[0].dataSource).filter(({ entity }) => entity === 'shop')

/** Three shops of two tenants, whose data keys both applications have in their caches. */
async function threeShops(tenantId = randomUUID()) {
  const shops = shopsOf(applications[0])
  const values = [tenantId, tenantId, randomUUID()].map((tenant, n) => ({
    ...{ tenantId: tenant, apiKey: `key ${n}`, token: `token ${n}` },
  }))
  await shops.save(shops.create(values))
  for (const application of applications) {
    application.cipher.forgetAll()
    expect(await shopsOf(application).find()).toHaveLength(3)
    expect(application.cipher.cacheStatistics.keys).toBe(3)
  }
  return tenantId
}

test('a shredded tenant is forgotten by every process, and a find() of many rows goes on for the others', async () => {
  const tenantId = await threeShops()
  await shred(database.client, {
    ...{ tables: tables(), cipher: applications[0].cipher },
    target: { kind: 'context', pair: 'tenant', value: tenantId },
    ...{ reason: 'offboarding', who: 'operator', backupsKept: 'none' },
  })
  for (const application of applications) {
    // Each hears of it on a connection of its own.
    while (application.cipher.cacheStatistics.keys > 1) await database.client.query('SELECT 1')
    const shops = await shopsOf(application).find()
    const gone = shops.filter((shop) => shop.tenantId === tenantId)
    expect(gone.map(({ apiKey }) => apiKey)).toEqual([undefined, undefined])
    for (const { token } of gone) {
      await expect((token as EncryptedValue<string>).decrypt()).rejects.toMatchObject({
        code: 'ERR_CREDENTIAL_SHREDDED',
      })
    }
    expect(shops.find((shop) => shop.tenantId !== tenantId)?.apiKey).toBe('key 2')
    const results = await decryptAll(shopsOf(application), shops)
    expect(results.filter(({ error }) => error).map(({ error }) => error)).toMatchObject([
      { code: 'ERR_CREDENTIAL_SHREDDED' },
      { code: 'ERR_CREDENTIAL_SHREDDED' },
    ])
  }
})

async function renewAll() {
  const pool = new pg.Pool({ connectionString: database.url, max: 4 })
  try {
    const [report] = await renew({ cipher: applications[0].cipher, tables: tables(), pool })
    return report
  } finally {
    await pool.end()
  }
}

test('what was loaded before a renewal is saved after it: a save reads the envelope as it is', async () => {
  await threeShops()
  const shops = shopsOf(applications[1])
  const [untouched, changed, renamed] = (await shops.find()) as [Shop, Shop, Shop]
  expect(await renewAll()).toMatchObject({ renewed: 3, failed: 0 })
  const key = untouched.apiKey
  await shops.save(untouched)
  await shops.save(Object.assign(changed, { apiKey: 'changed' }))
  await shops.save(Object.assign(renamed, { name: 'renamed' }))
  expect(await shops.findOneByOrFail({ id: untouched.id })).toMatchObject({ apiKey: key })
  const stored = await shops.findOneByOrFail({ id: changed.id })
  expect(stored.apiKey).toBe('changed')
  expect(await (stored.token as EncryptedValue<string>).decrypt()).toMatch(/^token \d$/)
})

test('a renewal in the middle of a save refuses it with an error that a retry mends, and loses nothing', async () => {
  await threeShops()
  const { dataSource } = applications[1]
  const shops = shopsOf(applications[1])
  const [shop] = (await shops.find()) as [Shop]
  // Called behind ours: the field is encrypted and the statement not sent yet.
  const subscriber = { beforeUpdate: () => renewAll() }
  dataSource.subscribers.push(subscriber)
  const failure = await failureOf(() => shops.save(Object.assign(shop, { apiKey: 'changed' })))
  dataSource.subscribers.splice(dataSource.subscribers.indexOf(subscriber), 1)
  expect(failure).toMatchObject({ code: 'ERR_ENVELOPE_CHANGED', retryable: true })

  expect((await shops.findOneByOrFail({ id: shop.id })).apiKey).toMatch(/^key \d$/)
  await shops.save(shop)
  const stored = await shops.findOneByOrFail({ id: shop.id })
  expect(stored.apiKey).toBe('changed')
  expect(await (stored.token as EncryptedValue<string>).decrypt()).toMatch(/^token \d$/)
})
