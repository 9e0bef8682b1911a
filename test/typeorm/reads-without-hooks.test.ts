import { randomUUID } from 'node:crypto'
import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Repository } from 'typeorm'
import { decryptAll, EncryptedValue } from '../../src/typeorm/index.js'
import { type FreshDatabase, freshDatabase } from '../setup/database.js'
import { type EncryptedDataSource, encryptedDataSource } from './data-source.js'
import { Key, READ_ENTITIES, Shop } from './read-entities.js'

/** Paths on which TypeORM calls no load hook. */
let database: FreshDatabase
let encrypted: EncryptedDataSource
let shops: Repository<Shop>
let id: string

beforeAll(async () => {
  database = await freshDatabase()
  encrypted = await encryptedDataSource(database, READ_ENTITIES)
  shops = encrypted.dataSource.getRepository(Shop)
  const saved = await shops.save(
    shops.create({
      tenantId: randomUUID(),
      apiKey: 'key of the shop',
      token: 'token of the shop',
      keys: [
        { position: 1, value: 'first key' },
        { position: 2, value: 'second key' },
      ],
    }),
  )
  id = saved.id
})

afterAll(async () => {
  await encrypted?.dataSource.destroy()
  await database?.drop()
})

function expectOpaque(value: unknown): void {
  expect(value).toBeInstanceOf(EncryptedValue)
  expect(inspect(value)).toBe('[encrypted]')
  expect(JSON.stringify({ value })).toBe('{"value":"[encrypted]"}')
}

describe('a mapped join', () => {
  type Mapped = Shop & { first: Key; all: Key[] }

  const query = () =>
    shops
      .createQueryBuilder('s')
      .leftJoinAndMapOne('s.first', Key, 'k1', 'k1.shopId = s.id AND k1.position = 1')
      .leftJoinAndMapMany('s.all', Key, 'k', 'k.shopId = s.id')
      .where('s.id = :id', { id })
      .orderBy('k.position')

  test('gives EncryptedValues, never ciphertext, beside a root that is decrypted', async () => {
    const shop = (await query().getOneOrFail()) as Mapped
    expect(shop.apiKey).toBe('key of the shop')
    expectOpaque(shop.first.value)
    for (const key of shop.all) expectOpaque(key.value)
  })

  test('says at decrypt() that decryptAll() reads them', async () => {
    const { first } = (await query().getOneOrFail()) as Mapped
    await expect((first.value as unknown as EncryptedValue).decrypt()).rejects.toMatchObject({
      code: 'ERR_CONFIGURATION',
      message: expect.stringContaining('decryptAll(repository, rows)'),
    })
  })

  test('is read by decryptAll(), in place', async () => {
    const shop = (await query().getOneOrFail()) as Mapped
    const results = await decryptAll(encrypted.dataSource.getRepository(Key), [shop.first, ...shop.all])
    expect(results.map(({ error }) => error)).toEqual([undefined, undefined, undefined])
    expect(shop.first.value).toBe('first key')
    expect(shop.all.map(({ value }) => value)).toEqual(['first key', 'second key'])
  })
})

describe('callListeners(false)', () => {
  const query = () => shops.createQueryBuilder('s').where('s.id = :id', { id }).callListeners(false)

  test('gives EncryptedValues, never ciphertext', async () => {
    const shop = await query().getOneOrFail()
    expectOpaque(shop.apiKey)
    expectOpaque(shop.token)
  })

  test('is read by decryptAll(): transparent fields in place, all by path', async () => {
    const shop = await query().getOneOrFail()
    const [result] = await decryptAll(shops, [shop])
    expect(result).toEqual({ row: shop, fields: { apiKey: 'key of the shop', token: 'token of the shop' } })
    expect(shop.apiKey).toBe('key of the shop')
    await expect((shop.token as EncryptedValue<string>).decrypt()).resolves.toBe('token of the shop')
  })
})

describe('raw results are ciphertext', () => {
  const query = () => shops.createQueryBuilder('s').where('s.id = :id', { id })

  test('getRawMany() and getRawOne()', async () => {
    const [many] = await query().getRawMany()
    const one = await query().getRawOne()
    expect(many.s_apiKey).toMatch(/^ws1:/)
    expect(one.s_token).toMatch(/^ws1:/)
  })

  test('the raw half of getRawAndEntities()', async () => {
    const { raw, entities } = await query().getRawAndEntities()
    expect(raw[0].s_apiKey).toMatch(/^ws1:/)
    expect(entities[0]?.apiKey).toBe('key of the shop')
  })

  test('query()', async () => {
    const [row] = await encrypted.dataSource.query('SELECT "apiKey" FROM shop WHERE id = $1', [id])
    expect(row.apiKey).toMatch(/^ws1:/)
  })
})
