import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals'
import type { Repository } from 'typeorm'
import { decryptAll, type EncryptedValue } from '../../src/typeorm/index.js'
import { emptySchema, type FreshDatabase, freshDatabase } from '../setup/database.js'
import { type EncryptedDataSource, encryptedDataSource } from './data-source.js'
import { Account, BankAccount, Key, MailAccount, READ_ENTITIES, Shop } from './read-entities.js'
import { shred } from './stored-rows.js'

let database: FreshDatabase
let encrypted: EncryptedDataSource
let shops: Repository<Shop>

beforeAll(async () => {
  database = await freshDatabase()
})
afterAll(() => database.drop())
beforeEach(async () => {
  encrypted = await encryptedDataSource(database, READ_ENTITIES)
  shops = encrypted.dataSource.getRepository(Shop)
})

afterEach(async () => {
  await encrypted?.dataSource.destroy()
  await emptySchema(database.client)
})

async function saveShops(count: number): Promise<string[]> {
  const rows = Array.from({ length: count }, (_, n) => ({
    name: String(n),
    apiKey: `key ${n}`,
    token: `token ${n}`,
    hidden: `hidden ${n}`,
  }))
  const saved = await shops.save(shops.create(rows.map((row) => ({ tenantId: randomUUID(), ...row }))))
  encrypted.cipher.forgetAll()
  encrypted.ledger.clear()
  return saved.map(({ id }) => id)
}

async function countStatements(run: () => Promise<unknown>): Promise<number> {
  let statements = 0
  encrypted.dataSource.subscribers.push({
    beforeQuery: () => {
      statements += 1
    },
  })
  await run()
  encrypted.dataSource.subscribers.pop()
  return statements
}

const withoutHooks = () => shops.createQueryBuilder('s').callListeners(false).orderBy('s.name')

test('thousands of rows are fetched a thousand at a time, as no statement takes so many keys', async () => {
  const ids = await saveShops(3)
  const rows = Array.from({ length: 2_100 }, (_, n) => shops.create({ id: ids[n] ?? randomUUID() }))
  const statements = await countStatements(async () => {
    const results = await decryptAll(shops, rows)
    expect(results.filter(({ error }) => error)).toEqual([])
    expect(rows.filter(({ encryptionMetadata }) => encryptionMetadata)).toHaveLength(3)
  })
  expect(statements).toBe(3)
})

test('the envelopes that rows were loaded without are fetched in one query for all of them', async () => {
  await saveShops(5)
  const rows = await withoutHooks().select(['s.id', 's.apiKey', 's.token']).getMany()
  const statements = await countStatements(async () => {
    const results = await decryptAll(shops, rows)
    expect(results.map(({ fields }) => fields.token)).toEqual(rows.map((_, n) => `token ${n}`))
  })
  expect(statements).toBe(1)
  expect(rows.map(({ apiKey }) => apiKey)).toEqual(rows.map((_, n) => `key ${n}`))
})

test('rows that have their envelopes cost no query, and lazy fields of decrypted rows one unwrap a row', async () => {
  await saveShops(5)
  const rows = await shops.find()
  encrypted.cipher.forgetAll()
  encrypted.ledger.clear()
  expect(await countStatements(() => decryptAll(shops, rows))).toBe(0)
  expect(encrypted.ledger.counts()).toEqual({ unwrap: 5 })
})

test('a field of select: false is read where it was loaded, and not fetched where it was not', async () => {
  await saveShops(1)
  const [row] = await withoutHooks().getMany()
  expect(Object.keys((await decryptAll(shops, [row!]))[0]!.fields)).toEqual(['apiKey', 'token'])
  const [whole] = await withoutHooks().addSelect('s.hidden').getMany()
  expect((await decryptAll(shops, [whole!]))[0]!.fields).toMatchObject({ hidden: 'hidden 0' })
})

test('soft-deleted and null fields are no special case', async () => {
  await shops.save(shops.create({ tenantId: randomUUID(), apiKey: null, token: null }))
  const rows = await withoutHooks().getMany()
  expect((await decryptAll(shops, rows))[0]).toEqual({ row: rows[0], fields: { apiKey: null, token: null } })
})

test('each row that cannot be read says so in its own error, and the others are read', async () => {
  const ids = await saveShops(4)
  await shred(database, 'shop', ids[1]!)
  await database.client.query(`ALTER TABLE shop DISABLE TRIGGER USER`)
  await database.client.query(`UPDATE shop SET "apiKey" = overlay("apiKey" placing 'AAAA' from 60) WHERE id = $1`, [
    ids[2],
  ])
  const rows = await shops.createQueryBuilder('s').callListeners(false).orderBy('s.name').getMany()
  const results = await decryptAll(shops, rows)
  expect(results.map(({ error }) => error?.code)).toEqual([
    undefined,
    'ERR_CREDENTIAL_SHREDDED',
    'ERR_DECRYPTION_FAILED',
    undefined,
  ])
  expect(results.map(({ fields }) => Object.keys(fields).length)).toEqual([2, 0, 0, 2])
})

test('a row whose KMS call fails reports that failure', async () => {
  await saveShops(2)
  const rows = await withoutHooks().getMany()
  encrypted.provider.kms.disable('1')
  const results = await decryptAll(shops, rows)
  expect(results.map(({ error }) => error?.code)).toEqual(['ERR_KEK_UNAVAILABLE', 'ERR_KEK_UNAVAILABLE'])
})

test('a row without its primary key is refused', async () => {
  await saveShops(1)
  const [row] = await withoutHooks().select(['s.apiKey']).getMany()
  await expect(decryptAll(shops, [row!])).rejects.toMatchObject({
    code: 'ERR_CONFIGURATION',
    message: expect.stringContaining('primary key'),
  })
})

test('rows of child classes of a single table are read by the parent repository', async () => {
  const { dataSource } = encrypted
  await dataSource.getRepository(MailAccount).save({ password: 'p', recoveryCode: 'c' } as MailAccount)
  await dataSource
    .getRepository(BankAccount)
    .save({ password: 'q', iban: { country: 'DE', number: '1' } } as BankAccount)
  const accounts = dataSource.getRepository<Account>(Account)
  const rows = await accounts.createQueryBuilder('a').callListeners(false).getMany()
  const fields = (await decryptAll(accounts, rows)).map((result) => result.fields)
  expect(fields).toEqual(
    expect.arrayContaining([
      { password: 'p', recoveryCode: 'c' },
      { password: 'q', iban: { country: 'DE', number: '1' } },
    ]),
  )
})

test('an empty list is nothing to do', async () => {
  expect(await decryptAll(shops, [])).toEqual([])
})

test('rows of a mapped join are read by the repository of their own class', async () => {
  const [id] = await saveShops(1)
  await encrypted.dataSource.getRepository(Key).save({ position: 1, value: 'v', shopId: id! })
  const shop = (await shops
    .createQueryBuilder('s')
    .leftJoinAndMapMany('s.mapped', Key, 'k', 'k.shopId = s.id')
    .getOneOrFail()) as Shop & { mapped: Key[] }
  const [result] = await decryptAll(encrypted.dataSource.getRepository(Key), shop.mapped)
  expect(result?.fields).toEqual({ value: 'v' })
  await expect((shop.token as EncryptedValue<string>).decrypt()).resolves.toBe('token 0')
})
