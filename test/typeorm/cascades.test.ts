import { expect } from '@jest/globals'
import { EncryptedValue } from '../../src/typeorm/index.js'
import { Courier, JournalLine, Listing, Owner, Shop, ShopLogin } from './related-entities.js'
import { suite } from './suite.js'

const s = suite([Shop, Listing, Courier, Owner, ShopLogin, JournalLine])
const shops = () => s.dataSource.getRepository(Shop)
const rereadAll = (id: string) =>
  shops().findOneOrFail({ where: { id }, relations: { listings: true, couriers: true, owner: true } })

s.encrypts('plain-object children of one-to-many, many-to-many and one-to-one are encrypted', async (canary) => {
  const values = {
    apiKey: canary,
    listings: [{ uploadToken: `${canary} 1` }, { uploadToken: `${canary} 2` }],
    couriers: [{ password: `${canary} 3` }],
    owner: { passport: { number: canary } },
  }
  const saved = await shops().save(values as Shop)
  expect(saved.listings.map(({ uploadToken }) => uploadToken)).toEqual([`${canary} 1`, `${canary} 2`])
  expect(saved.couriers[0]!.password).toBe(`${canary} 3`)
  const found = await rereadAll(saved.id)
  expect(found.apiKey).toBe(canary)
  expect(found.listings.map(({ uploadToken }) => uploadToken).sort()).toEqual([`${canary} 1`, `${canary} 2`])
  expect(found.couriers.map(({ password }) => password)).toEqual([`${canary} 3`])
  expect(await (found.owner!.passport as EncryptedValue).decrypt()).toEqual({ number: canary })
})

s.encrypts('children that are changed, added and taken away by a save of the parent are encrypted', async (canary) => {
  const { id } = await shops().save({
    apiKey: 'key',
    listings: [{ uploadToken: 'a' }, { uploadToken: 'b' }],
    couriers: [{ password: 'c' }, { password: 'd' }],
    owner: { passport: 'e' },
  } as Shop)
  const shop = await rereadAll(id)
  shop.listings.find(({ uploadToken }) => uploadToken === 'a')!.uploadToken = `${canary} changed`
  shop.listings.push({ uploadToken: `${canary} added` } as Listing)
  shop.couriers = [{ password: `${canary} added` } as Courier, shop.couriers.find(({ password }) => password === 'd')!]
  shop.owner!.passport = `${canary} changed`
  await shops().save(shop)
  const found = await rereadAll(id)
  expect(found.listings.map(({ uploadToken }) => uploadToken).sort()).toEqual(
    ['b', `${canary} added`, `${canary} changed`].sort(),
  )
  expect(found.couriers.map(({ password }) => password).sort()).toEqual([`${canary} added`, 'd'])
  expect(await (found.owner!.passport as EncryptedValue).decrypt()).toBe(`${canary} changed`)
})

s.encrypts('a parent that is saved through its child is encrypted with it', async (canary) => {
  const listings = s.dataSource.getRepository(Listing)
  const saved = await listings.save({ uploadToken: canary, shop: { apiKey: canary } } as Listing)
  const found = await listings.findOneOrFail({ where: { id: saved.id }, relations: { shop: true } })
  expect([found.uploadToken, found.shop.apiKey]).toEqual([canary, canary])
})

s.encrypts('a row that is bound to the key of a parent saved with it opens', async (canary) => {
  const logins = s.dataSource.getRepository(ShopLogin)
  const shop = shops().create({ apiKey: canary })
  const saved = await logins.save(logins.create({ slot: 1, shop, password: canary }))
  const found = await logins.findOneByOrFail({ shopId: saved.shop.id, slot: 1 })
  expect(found.password).toBe(canary)
  expect(saved.password).toBe(canary)
})

s.encrypts('relation().add() and remove() leave the rows that they link readable', async (canary) => {
  const shop = await shops().save({ apiKey: canary } as Shop)
  const courier = await s.dataSource.getRepository(Courier).save({ password: canary } as Courier)
  const owner = await s.dataSource.getRepository(Owner).save({ passport: canary } as Owner)
  const relation = (name: string) => s.dataSource.createQueryBuilder().relation(Shop, name).of(shop.id)
  await relation('couriers').add(courier.id)
  await relation('owner').set(owner.id)
  const linked = await rereadAll(shop.id)
  expect(linked.couriers[0]!.password).toBe(canary)
  expect(await (linked.owner!.passport as EncryptedValue).decrypt()).toBe(canary)
  await relation('couriers').remove(courier.id)
  expect((await rereadAll(shop.id)).couriers).toEqual([])
})
