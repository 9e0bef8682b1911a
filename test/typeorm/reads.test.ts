import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Repository } from 'typeorm'
import { EncryptedValue } from '../../src/typeorm/index.js'
import { type FreshDatabase, freshDatabase } from '../setup/database.js'
import { type EncryptedDataSource, encryptedDataSource } from './data-source.js'
import {
  Account,
  BankAccount,
  Folder,
  Key,
  MailAccount,
  Note,
  READ_ENTITIES,
  Region,
  Shop,
  ShopView,
  type VaultEntry,
} from './read-entities.js'

let database: FreshDatabase
let encrypted: EncryptedDataSource
let shops: Repository<Shop>
let id: string

beforeAll(async () => {
  database = await freshDatabase()
  encrypted = await encryptedDataSource(database, [...READ_ENTITIES, ShopView])
  shops = encrypted.dataSource.getRepository(Shop)
  const shop = shops.create({
    tenantId: randomUUID(),
    name: 'Köln',
    apiKey: 'key of the shop',
    token: 'token of the shop',
    hidden: 'hidden of the shop',
    keys: [
      { position: 1, value: 'first key' },
      { position: 2, value: 'second key' },
    ],
    region: { secret: 'secret of the region' },
  })
  const saved = await shops.save(shop)
  id = saved.id
  const note = await encrypted.dataSource.getRepository(Note).save({ text: 'a note' })
  await encrypted.dataSource.createQueryBuilder().relation(Shop, 'notes').of(id).add(note.id)
  // The reads below ask the KMS again.
  encrypted.cipher.forgetAll()
})

afterAll(async () => {
  await encrypted?.dataSource.destroy()
  await database?.drop()
})

async function expectDecrypted(shop: Shop | null | undefined): Promise<void> {
  expect(shop).toMatchObject({ id, apiKey: 'key of the shop', region: { secret: 'secret of the region' } })
  expect(shop?.token).toBeInstanceOf(EncryptedValue)
  await expect((shop!.token as EncryptedValue<string>).decrypt()).resolves.toBe('token of the shop')
  expect(shop?.hidden).toBeUndefined()
}

describe('a repository decrypts what it loads', () => {
  const byId = () => ({ where: { id } })
  const reads: Record<string, () => Promise<Shop | null | undefined>> = {
    'find()': async () => (await shops.find(byId()))[0],
    'findBy()': async () => (await shops.findBy({ id }))[0],
    'findOne()': () => shops.findOne(byId()),
    'findOneBy()': () => shops.findOneBy({ id }),
    'findOneOrFail()': () => shops.findOneOrFail(byId()),
    'findOneByOrFail()': () => shops.findOneByOrFail({ id }),
    'findAndCount()': async () => (await shops.findAndCount(byId()))[0][0],
    'findAndCountBy()': async () => (await shops.findAndCountBy({ id }))[0][0],
    'find() with skip and take': async () =>
      (await shops.find({ ...byId(), skip: 0, take: 1, order: { id: 'ASC' } }))[0],
    'find() with skip and take over a join': async () =>
      (await shops.find({ ...byId(), skip: 0, take: 5, relations: { keys: true } }))[0],
    'find() with relationLoadStrategy query': async () =>
      (await shops.find({ ...byId(), relations: { keys: true }, relationLoadStrategy: 'query' }))[0],
    'find() in a transaction': () => encrypted.dataSource.transaction((manager) => manager.findOneBy(Shop, { id })),
    'find() under a lock': () =>
      encrypted.dataSource.transaction((manager) =>
        manager.findOne(Shop, {
          where: { id },
          lock: { mode: 'pessimistic_write', tables: ['shop'] },
          loadEagerRelations: true,
        }),
      ),
  }
  for (const [name, read] of Object.entries(reads)) {
    test(name, async () => {
      await expectDecrypted(await read())
    })
  }
})

test('preload() decrypts, and keeps what it is given', async () => {
  const shop = await shops.preload({ id, name: 'Bonn' })
  expect(shop).toMatchObject({ name: 'Bonn', apiKey: 'key of the shop' })
})

describe('a query builder decrypts what it loads', () => {
  const query = () => shops.createQueryBuilder('s').leftJoinAndSelect('s.region', 'r').where('s.id = :id', { id })
  const reads: Record<string, () => Promise<Shop | null | undefined>> = {
    'getOne()': () => query().getOne(),
    'getOneOrFail()': () => query().getOneOrFail(),
    'getMany()': async () => (await query().getMany())[0],
    'getManyAndCount()': async () => (await query().getManyAndCount())[0][0],
    'getRawAndEntities()': async () => (await query().getRawAndEntities()).entities[0],
    'getMany() with a join, skip and take': async () =>
      (await query().leftJoinAndSelect('s.keys', 'k').skip(0).take(1).getMany())[0],
    'getMany() with offset and limit': async () => (await query().offset(0).limit(1).getMany())[0],
    'getOne() with an inner join': () => query().innerJoinAndSelect('s.keys', 'k').getOne(),
    'a query by a subquery': () =>
      query()
        .andWhere((sub) => `s.id IN ${sub.subQuery().select('k.shopId').from(Key, 'k').getQuery()}`)
        .getOne(),
  }
  for (const [name, read] of Object.entries(reads)) {
    test(name, async () => {
      await expectDecrypted(await read())
    })
  }

  test('addSelect() brings a field of select: false', async () => {
    const shop = await query().addSelect('s.hidden').getOne()
    expect(shop?.hidden).toBe('hidden of the shop')
  })

  test('a select of some fields with their envelope decrypts these', async () => {
    const shop = await shops.findOneOrFail({
      where: { id },
      select: { id: true, tenantId: true, apiKey: true, encryptionMetadata: true },
      loadEagerRelations: false,
    })
    expect(shop.apiKey).toBe('key of the shop')
    expect(shop.token).toBeUndefined()
  })

  test('a select without encrypted fields needs no envelope', async () => {
    const shop = await shops.findOneOrFail({ where: { id }, select: { name: true }, loadEagerRelations: false })
    expect(shop).toEqual({ name: 'Köln' })
  })
})

describe('relations', () => {
  const values = (shop: Shop) => shop.keys.map((key) => key.value).sort()

  for (const relationLoadStrategy of ['join', 'query'] as const) {
    test(`a relation loaded by ${relationLoadStrategy} is decrypted`, async () => {
      const shop = await shops.findOneOrFail({ where: { id }, relations: { keys: true }, relationLoadStrategy })
      expect(values(shop)).toEqual(['first key', 'second key'])
    })
  }

  test('an instance that a join repeats is decrypted each time', async () => {
    const keys = await encrypted.dataSource
      .getRepository(Key)
      .find({ relations: { shop: true }, where: { shopId: id } })
    expect(keys.map((key) => key.shop.apiKey)).toEqual(['key of the shop', 'key of the shop'])
    expect(keys[0]!.shop).not.toBe(keys[1]!.shop)
  })

  test('an eager relation is decrypted, and left out with loadEagerRelations: false', async () => {
    expect((await shops.findOneByOrFail({ id })).region?.secret).toBe('secret of the region')
    expect((await shops.findOneOrFail({ where: { id }, loadEagerRelations: false })).region).toBeUndefined()
  })

  test('a lazy relation is decrypted when it is awaited', async () => {
    const shop = await shops.findOneByOrFail({ id })
    const [note] = await shop.notes
    expect(note?.text).toBe('a note')
    expect((await note?.shop)?.apiKey).toBe('key of the shop')
  })

  test('loadMany() and loadOne() of a relation decrypt', async () => {
    const relation = (name: string) => encrypted.dataSource.createQueryBuilder().relation(Shop, name).of(id)
    expect((await relation('keys').loadMany<Key>()).map((key) => key.value).sort()).toEqual(['first key', 'second key'])
    expect((await relation('region').loadOne<Region>())?.secret).toBe('secret of the region')
  })

  test('relation ids load as stubs without a field, which stay as they are', async () => {
    const shop = await shops.findOneOrFail({ where: { id }, loadRelationIds: true, loadEagerRelations: false })
    expect(shop.apiKey).toBe('key of the shop')
    expect(shop.keys).toHaveLength(2)
  })

  test('saving with a relation loads stubs of it, which are no error', async () => {
    const shop = await shops.findOneOrFail({ where: { id }, relations: { keys: true } })
    const [first] = shop.keys.sort((a, b) => a.position - b.position)
    first!.value = 'first key, changed'
    await shops.save(shop)
    const again = await shops.findOneOrFail({ where: { id }, relations: { keys: true } })
    expect(values(again)).toEqual(['first key, changed', 'second key'])
    await encrypted.dataSource.getRepository(Key).save({ id: first!.id, value: 'first key' })
  })
})

describe('other kinds of entities', () => {
  test('every way of loading a tree decrypts, also where one row becomes several instances', async () => {
    const trees = encrypted.dataSource.getTreeRepository(Folder)
    const root = await trees.save(trees.create({ secret: 'root' }))
    const child = await trees.save(trees.create({ secret: 'child', parent: root }))
    const leaf = await trees.save(trees.create({ secret: 'leaf', parent: child }))
    encrypted.cipher.forgetAll()

    const [tree] = await trees.findTrees()
    expect(tree).toMatchObject({ secret: 'root', children: [{ secret: 'child', children: [{ secret: 'leaf' }] }] })
    expect(await trees.findRoots()).toMatchObject([{ secret: 'root' }])
    const secrets = (folders: Folder[]) => folders.map(({ secret }) => secret).sort()
    expect(secrets(await trees.findDescendants(root))).toEqual(['child', 'leaf', 'root'])
    expect(secrets(await trees.findAncestors(leaf))).toEqual(['child', 'leaf', 'root'])
    const descendants = await trees.findDescendantsTree(await trees.findOneByOrFail({ id: root.id }))
    expect(descendants.children[0]?.children[0]?.secret).toBe('leaf')
    const ancestors = await trees.findAncestorsTree(await trees.findOneByOrFail({ id: leaf.id }))
    expect(ancestors.parent?.parent?.secret).toBe('root')
  })

  test('single-table inheritance: a load by the parent decrypts the fields of each child class', async () => {
    const mail = await encrypted.dataSource
      .getRepository(MailAccount)
      .save({ password: 'mail', recoveryCode: 'code' } as MailAccount)
    const bank = await encrypted.dataSource
      .getRepository(BankAccount)
      .save({ password: 'bank', iban: { country: 'DE', number: '89' } } as BankAccount)
    encrypted.cipher.forgetAll()

    const accounts = await encrypted.dataSource.getRepository<Account>(Account).find()
    const byId = new Map(accounts.map((account) => [account.id, account]))
    expect(byId.get(mail.id)).toBeInstanceOf(MailAccount)
    expect(byId.get(mail.id)).toMatchObject({ password: 'mail', recoveryCode: 'code' })
    expect(byId.get(bank.id)).toBeInstanceOf(BankAccount)
    expect(byId.get(bank.id)).toMatchObject({ password: 'bank', iban: { country: 'DE', number: '89' } })
    const child = await encrypted.dataSource.getRepository(MailAccount).findOneByOrFail({ id: mail.id })
    expect(child).toMatchObject({ password: 'mail', recoveryCode: 'code' })
  })

  test('an EntitySchema without a class decrypts', async () => {
    const vault = encrypted.dataSource.getRepository<VaultEntry>('VaultEntry')
    const { id } = await vault.save({ secret: 'plain object', token: EncryptedValue.of('lazy') } as VaultEntry)
    encrypted.cipher.forgetAll()
    const entry = await vault.findOneByOrFail({ id })
    expect(entry.secret).toBe('plain object')
    await expect((entry.token as EncryptedValue<string>).decrypt()).resolves.toBe('lazy')
  })

  test('a view that selects the envelope with the field decrypts', async () => {
    const view = await encrypted.dataSource.getRepository(ShopView).findOneByOrFail({ id })
    expect(view).toMatchObject({ title: 'Köln', apiKey: 'key of the shop' })
  })
})

describe('a query cache', () => {
  test('holds ciphertext; a hit is decrypted as a miss is', async () => {
    const cached = await encryptedDataSource(database, [...READ_ENTITIES], {
      provider: encrypted.provider,
      typeorm: { cache: { type: 'database', duration: 60_000 } },
    })
    try {
      const repository = cached.dataSource.getRepository(Shop)
      const read = () => repository.find({ where: { id }, cache: { id: 'shop', milliseconds: 60_000 } })
      expect((await read())[0]?.apiKey).toBe('key of the shop')
      const { rows } = await database.client.query('SELECT result FROM "query-result-cache"')
      expect(rows).toHaveLength(1)
      expect(rows[0].result).toContain('ws1:')
      expect(rows[0].result).not.toContain('key of the shop')

      await database.client.query('UPDATE shop SET name = $1 WHERE id = $2', ['not in the cache', id])
      cached.cipher.forgetAll()
      const [hit] = await read()
      expect(hit).toMatchObject({ name: 'Köln', apiKey: 'key of the shop' })
    } finally {
      await database.client.query('UPDATE shop SET name = $1 WHERE id = $2', ['Köln', id])
      await cached.dataSource.destroy()
    }
  })
})
