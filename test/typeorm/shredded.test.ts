import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import type { Repository } from 'typeorm'
import { decryptAll, type EncryptedValue, updateEncrypted } from '../../src/typeorm/index.js'
import { type FreshDatabase, freshDatabase } from '../setup/database.js'
import { type EncryptedDataSource, encryptedDataSource } from './data-source.js'
import { READ_ENTITIES, Shop } from './read-entities.js'
import { shred } from './stored-rows.js'

let database: FreshDatabase
let encrypted: EncryptedDataSource
let shops: Repository<Shop>
let id: string

beforeAll(async () => {
  database = await freshDatabase()
  encrypted = await encryptedDataSource(database, READ_ENTITIES)
  shops = encrypted.dataSource.getRepository(Shop)
})

beforeEach(async () => {
  const shop = await shops.save(shops.create({ tenantId: randomUUID(), apiKey: 'the key', token: 'the token' }))
  id = shop.id
  await shred(database, 'shop', id)
  encrypted.ledger.clear()
})

afterAll(async () => {
  await encrypted?.dataSource.destroy()
  await database?.drop()
})

async function storedRow(): Promise<Record<string, unknown>> {
  const { rows } = await database.client.query('SELECT * FROM shop WHERE id = $1', [id])
  return rows[0]
}

const load = () => shops.findOneByOrFail({ id })

describe('reading a shredded row', () => {
  test('a transparent field is undefined, and no KMS is asked', async () => {
    await expect(load()).resolves.toHaveProperty('apiKey', undefined)
    expect(encrypted.ledger.entries).toEqual([])
  })

  test('a lazy field rejects with the receipt and without a call', async () => {
    const { token } = await load()
    await expect((token as EncryptedValue).decrypt()).rejects.toMatchObject({
      code: 'ERR_CREDENTIAL_SHREDDED',
      message: expect.stringContaining('receipt-1'),
    })
    expect(encrypted.ledger.entries).toEqual([])
  })

  test('the data key is not read from the cache either', async () => {
    const shop = await shops.save(shops.create({ tenantId: randomUUID(), apiKey: 'cached' }))
    await shops.findOneByOrFail({ id: shop.id })
    await shred(database, 'shop', shop.id)
    expect((await shops.findOneByOrFail({ id: shop.id })).apiKey).toBeUndefined()
  })

  test('a find() of many rows reads the others', async () => {
    const other = await shops.save(shops.create({ tenantId: randomUUID(), apiKey: 'still there' }))
    const found = await shops.find()
    expect(found.find((shop) => shop.id === other.id)?.apiKey).toBe('still there')
  })

  test('decryptAll() reports a row without lazy fields too, loaded with hooks or without', async () => {
    const shop = await shops.save(shops.create({ tenantId: randomUUID(), apiKey: 'the key' }))
    await shred(database, 'shop', shop.id)
    const withoutHooks = await shops.createQueryBuilder('s').callListeners(false).where({ id: shop.id }).getOneOrFail()
    for (const row of [await shops.findOneByOrFail({ id: shop.id }), withoutHooks]) {
      const [result] = await decryptAll(shops, [row])
      expect(result).toMatchObject({ fields: {}, error: { code: 'ERR_CREDENTIAL_SHREDDED' } })
    }
  })

  test('decryptAll() reports the row', async () => {
    const [result] = await decryptAll(shops, [await load()])
    expect(result).toMatchObject({ fields: {}, error: { code: 'ERR_CREDENTIAL_SHREDDED' } })
  })
})

describe('saving a shredded row', () => {
  test('as it was loaded changes nothing', async () => {
    const before = await storedRow()
    await shops.save(await load())
    expect(await storedRow()).toEqual(before)
  })

  test('with another column changed leaves fields and receipt as they are', async () => {
    const before = await storedRow()
    const shop = await load()
    shop.name = 'renamed'
    await shops.save(shop)
    await shops.save(shop)
    expect(await storedRow()).toEqual({ ...before, name: 'renamed' })
  })

  for (const [missing, changes] of [
    ['"token"', { apiKey: 'new' }],
    ['"apiKey"', { token: 'new' }],
  ] as const) {
    test(`with some of its fields is refused, naming ${missing}`, async () => {
      const before = await storedRow()
      const shop = Object.assign(await load(), changes)
      await expect(shops.save(shop)).rejects.toMatchObject({
        code: 'ERR_CREDENTIAL_SHREDDED',
        message: expect.stringContaining(missing),
      })
      expect(await storedRow()).toEqual(before)
      expect(shop).toMatchObject(changes)
      expect(encrypted.ledger.entries).toEqual([])
    })
  }

  test('with all of its fields gives it a new envelope', async () => {
    const before = (await storedRow()).encryption_metadata as { id: string }
    await shops.save(Object.assign(await load(), { apiKey: 'new key', token: 'new token', hidden: null }))
    const after = (await storedRow()).encryption_metadata as { id: string; shredded?: string }
    expect(after.id).not.toBe(before.id)
    expect(after).not.toHaveProperty('shredded')
    expect(encrypted.ledger.counts()).toEqual({ generateDataKey: 1 })
    const shop = await load()
    expect(shop.apiKey).toBe('new key')
    await expect((shop.token as EncryptedValue).decrypt()).resolves.toBe('new token')
  })

  test('with the fields that were not null is enough, and the others may be cleared', async () => {
    await shops.save(Object.assign(await load(), { apiKey: 'new key', token: null, hidden: null }))
    expect(await load()).toMatchObject({ apiKey: 'new key', token: null })
  })

  test('with every field cleared keeps the receipt until there is a new secret', async () => {
    await shops.save(Object.assign(await load(), { apiKey: null, token: null, hidden: null }))
    expect((await storedRow()).encryption_metadata).toMatchObject({ shredded: 'receipt-1' })
    expect(await load()).toMatchObject({ apiKey: null, token: null })
    await shops.save(Object.assign(await load(), { apiKey: 'again', hidden: null }))
    expect((await load()).apiKey).toBe('again')
  })

  test('has to set a field of select: false as well, which may hold a ciphertext for all it knows', async () => {
    const shop = Object.assign(await load(), { apiKey: 'new key', token: 'new token' })
    await expect(shops.save(shop)).rejects.toMatchObject({ message: expect.stringContaining('"hidden" is missing') })
  })

  test('updateEncrypted() follows the same rule', async () => {
    await expect(updateEncrypted(shops, id, { apiKey: 'new' })).rejects.toMatchObject({
      code: 'ERR_CREDENTIAL_SHREDDED',
    })
    await updateEncrypted(shops, id, { apiKey: 'new', token: 'new' })
    expect((await load()).apiKey).toBe('new')
  })

  test('with another tenant only is allowed: there is nothing to encrypt again', async () => {
    const tenantId = randomUUID()
    await shops.save(Object.assign(await load(), { tenantId }))
    expect((await storedRow()).tenantId).toBe(tenantId)
    expect((await load()).apiKey).toBeUndefined()
  })
})
