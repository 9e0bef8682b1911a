import { randomUUID } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import type { EntityManager, EntitySubscriberInterface } from 'typeorm'
import { EncryptedValue } from '../../src/typeorm/index.js'
import { Courier, JournalLine, Listing, Owner, Shop, ShopLogin } from './related-entities.js'
import { newCanary, suite } from './suite.js'

const s = suite([Shop, Listing, Courier, Owner, ShopLogin, JournalLine])
const shops = () => s.dataSource.getRepository(Shop)
const couriers = () => s.dataSource.getRepository(Courier)
const reread = (id: string) => shops().findOneByOrFail({ id })

/** Runs `run` with one more subscriber, which the DataSource calls before ours or after. */
async function withSubscriber(
  order: 'before' | 'after',
  subscriber: EntitySubscriberInterface,
  run: () => Promise<void>,
): Promise<void> {
  const { subscribers } = s.dataSource
  if (order === 'before') subscribers.unshift(subscriber)
  else subscribers.push(subscriber)
  try {
    await run()
  } finally {
    subscribers.splice(subscribers.indexOf(subscriber), 1)
  }
}

const isShop = (entity: unknown): entity is Shop => entity instanceof Shop || (entity as Shop)?.apiKey !== undefined

for (const order of ['before', 'after'] as const) {
  for (const hook of ['beforeInsert', 'afterInsert'] as const) {
    for (const [write, save] of [
      ['save()', (shop: Shop) => shops().save(shop)],
      ['insert()', (shop: Shop) => shops().insert(shop as never)],
      ['save() without a transaction', (shop: Shop) => shops().save(shop, { transaction: false })],
    ] as const) {
      s.encrypts(
        `${write} while a subscriber ${order} ours saves another protected entity in ${hook}`,
        async (canary) => {
          let nested: Courier | undefined
          const subscriber: EntitySubscriberInterface = {
            async [hook]({ entity, manager }: { entity: unknown; manager: EntityManager }) {
              if (isShop(entity)) nested = await manager.save(Courier, { password: `${canary} nested` } as Courier)
            },
          }
          const shop = shops().create({ apiKey: canary })
          await withSubscriber(order, subscriber, async () => {
            await save(shop)
          })
          expect(shop.apiKey).toBe(canary)
          expect((await reread(shop.id)).apiKey).toBe(canary)
          expect((await couriers().findOneByOrFail({ id: nested!.id })).password).toBe(`${canary} nested`)
        },
      )
    }
  }
  for (const hook of ['beforeUpdate', 'afterUpdate'] as const) {
    s.encrypts(`an update while a subscriber ${order} ours saves in ${hook}`, async (canary) => {
      const shop = await shops().save({ apiKey: 'before' } as Shop)
      const courier = await couriers().save({ password: 'before' } as Courier)
      const subscriber: EntitySubscriberInterface = {
        async [hook]({ entity, manager }: { entity?: object; manager: EntityManager }) {
          if (isShop(entity)) await manager.save(Courier, { id: courier.id, password: `${canary} nested` })
        },
      }
      const found = await reread(shop.id)
      found.apiKey = canary
      await withSubscriber(order, subscriber, async () => {
        await shops().save(found)
      })
      expect((await reread(shop.id)).apiKey).toBe(canary)
      expect((await couriers().findOneByOrFail({ id: courier.id })).password).toBe(`${canary} nested`)
    })
  }
}

s.encrypts('a nested transaction of another subscriber is rolled back, and the outer save goes on', async (canary) => {
  const subscriber: EntitySubscriberInterface = {
    async beforeInsert({ entity, manager }) {
      if (!isShop(entity)) return
      const nested = manager.transaction(async (inner) => {
        await inner.save(Courier, { password: `${canary} nested` } as Courier)
        throw new Error('not this one')
      })
      await nested.catch(() => undefined)
    },
  }
  const shop = shops().create({ apiKey: canary })
  await withSubscriber('after', subscriber, async () => {
    await shops().save(shop)
  })
  expect(shop.apiKey).toBe(canary)
  expect((await reread(shop.id)).apiKey).toBe(canary)
})

s.encrypts('a subscriber that writes its journal on the same connection does not disturb a save', async (canary) => {
  const subscriber: EntitySubscriberInterface = {
    async beforeInsert({ entity, manager }) {
      if (isShop(entity)) await manager.insert(JournalLine, { text: 'a shop is added' })
    },
  }
  const shop = shops().create({ apiKey: canary, listings: [{ uploadToken: canary }] as Listing[] })
  await withSubscriber('before', subscriber, async () => {
    await shops().save(shop)
  })
  expect((await reread(shop.id)).apiKey).toBe(canary)
})

s.encrypts('several saves at once in one transaction all encrypt', async (canary) => {
  const shop = shops().create({ apiKey: canary, listings: [{ uploadToken: canary }] as Listing[] })
  const courier = couriers().create({ password: canary })
  const owner = { passport: { number: canary } } as Owner
  await s.dataSource.transaction(async (manager) => {
    await Promise.all([manager.save(shop), manager.save(courier), manager.save(Owner, owner)])
  })
  expect([shop.apiKey, courier.password, shop.listings[0]!.uploadToken]).toEqual([canary, canary, canary])
  expect((await reread(shop.id)).apiKey).toBe(canary)
  expect((await couriers().findOneByOrFail({ id: courier.id })).password).toBe(canary)
})

s.encrypts('several inserts at once in one transaction all encrypt', async (canary) => {
  const rows = [1, 2, 3].map((number) => ({ password: `${canary} ${number}` }) as Courier)
  await s.dataSource.transaction(async (manager) => {
    await Promise.all(rows.map((row) => manager.insert(Courier, row as never)))
  })
  for (const { id, password } of rows) {
    expect((await couriers().findOneByOrFail({ id })).password).toBe(password)
  }
})

s.encrypts('several updates at once in one transaction all encrypt', async (canary) => {
  const saved = await couriers().save([1, 2, 3].map((number) => ({ password: `before ${number}` }) as Courier))
  await s.dataSource.transaction(async (manager) => {
    await Promise.all(
      saved.map((courier) => {
        courier.password = `${canary} ${courier.id}`
        return manager.save(Courier, courier)
      }),
    )
  })
  for (const { id } of saved) {
    expect((await couriers().findOneByOrFail({ id })).password).toBe(`${canary} ${id}`)
  }
})

s.encrypts('the same new instance saved twice at once is stored readable', async (canary) => {
  const shop = shops().create({ apiKey: canary })
  await Promise.allSettled([shops().save(shop), shops().save(shop)])
  expect(shop.apiKey).toBe(canary)
  expect((await reread(shop.id)).apiKey).toBe(canary)
  shop.apiKey = `${canary} again`
  await shops().save(shop)
  expect((await reread(shop.id)).apiKey).toBe(`${canary} again`)
})

s.encrypts('the same loaded instance saved twice at once is stored readable', async (canary) => {
  const { id } = await shops().save({ apiKey: 'before' } as Shop)
  const shop = await reread(id)
  shop.apiKey = canary
  const results = await Promise.allSettled([shops().save(shop), shops().save(shop)])
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled'])
  expect(shop.apiKey).toBe(canary)
  expect((await reread(id)).apiKey).toBe(canary)
})

for (const [target, field] of [
  [Shop, 'apiKey'],
  [Owner, 'passport'],
] as const) {
  s.encrypts(`two saves of one ${target.name}, both encrypted before either is sent, end readable`, async (canary) => {
    const repository = s.dataSource.getRepository<{ id: string; [key: string]: unknown }>(target as never)
    const plaintext = async (value: unknown) => (value instanceof EncryptedValue ? value.decrypt() : value)
    const { id } = (await repository.save({ [field]: 'before' } as never)) as unknown as { id: string }
    const entity = await repository.findOneByOrFail({ id })
    entity[field] = canary
    const saves: Promise<unknown>[] = []
    let waiting = 0
    let release: () => void = () => undefined
    const both = new Promise<void>((resolve) => {
      release = resolve
    })
    const barrier: EntitySubscriberInterface = {
      async beforeUpdate() {
        waiting += 1
        if (waiting === 1) return both
        // Our own hooks of the second save are done by then: nothing that they wait for takes a turn.
        for (let turn = 0; turn < 10; turn++) await setImmediate()
        expect(entity[field]).toBeInstanceOf(EncryptedValue)
        release()
        await Promise.race(saves)
      },
    }
    await withSubscriber('after', barrier, async () => {
      saves.push(repository.save(entity), repository.save(entity))
      await Promise.all(saves)
    })
    if (target === Shop) expect(entity[field]).toBe(canary)
    expect(await plaintext(entity[field])).toBe(canary)
    expect(await plaintext((await repository.findOneByOrFail({ id }))[field])).toBe(canary)
  })
}

s.encrypts('updates of different fields by two connections are both kept', async (canary) => {
  const { id } = await shops().save({ apiKey: 'a', webhookSecret: 'b' } as Shop)
  const [first, second] = [await reread(id), await reread(id)]
  first.apiKey = `${canary} key`
  second.webhookSecret = `${canary} secret`
  await Promise.all([shops().save(first), shops().save(second)])
  const found = await reread(id)
  // The second writes what it loaded where that differs from the row by now, as any TypeORM entity does.
  expect([`${canary} key`, 'a']).toContain(found.apiKey)
  expect([`${canary} secret`, 'b']).toContain(found.webhookSecret)
  expect(found.apiKey === `${canary} key` || found.webhookSecret === `${canary} secret`).toBe(true)
})

s.encrypts('updates of different fields as partial objects are both kept', async (canary) => {
  const { id } = await shops().save({ apiKey: 'a', webhookSecret: 'b' } as Shop)
  await Promise.all([
    shops().save({ id, apiKey: `${canary} key` }),
    shops().save({ id, webhookSecret: `${canary} secret` }),
  ])
  const found = await reread(id)
  expect([found.apiKey, found.webhookSecret]).toEqual([`${canary} key`, `${canary} secret`])
})

s.encrypts('a transaction that reads its own writes sees plaintext, and a commit keeps it', async (canary) => {
  const id = await s.dataSource.transaction(async (manager) => {
    const saved = await manager.save(Shop, { apiKey: canary } as Shop)
    const found = await manager.findOneByOrFail(Shop, { id: saved.id })
    expect(found.apiKey).toBe(canary)
    found.webhookSecret = canary
    await manager.save(found)
    return saved.id
  })
  expect((await reread(id)).webhookSecret).toBe(canary)
})

s.encrypts('what a savepoint rolled back can be saved again in the same transaction', async (canary) => {
  const shop = shops().create({ apiKey: canary, webhookSecret: canary })
  await s.dataSource.transaction(async (manager) => {
    const attempt = manager.transaction(async (inner) => {
      await inner.save(shop)
      throw new Error('roll back')
    })
    await expect(attempt).rejects.toThrow('roll back')
    expect([shop.apiKey, shop.webhookSecret]).toEqual([canary, canary])
    await manager.save(shop)
  })
  expect((await reread(shop.id)).apiKey).toBe(canary)
})

s.encrypts('version and update-date columns count encrypted changes as others', async (canary) => {
  const saved = await shops().save({ apiKey: 'a' } as Shop)
  expect(saved.version).toBe(1)
  const found = await reread(saved.id)
  found.apiKey = canary
  await shops().save(found)
  const again = await reread(saved.id)
  expect(again.version).toBe(2)
  expect(again.updatedAt.getTime()).toBeGreaterThanOrEqual(saved.updatedAt.getTime())
  await shops().save(again)
  expect((await reread(saved.id)).version).toBe(2)
})

test('update(), increment() and criteria on other columns work as ever', async () => {
  const canary = newCanary()
  const { id } = await shops().save({ apiKey: canary } as Shop)
  await shops().update(id, { calls: 3 })
  await shops().increment({ id }, 'calls', 2)
  const found = await reread(id)
  expect([found.calls, found.apiKey]).toEqual([5, canary])
})

s.encrypts('a field that is set when no ciphertext is left gets a new data key', async (canary) => {
  const envelopeId = (shop: Shop) => (shop.encryptionMetadata as unknown as { id: string }).id
  const saved = await shops().save({ apiKey: canary, webhookSecret: canary } as Shop)
  await shops().save({ id: saved.id, apiKey: null, webhookSecret: null })
  await shops().save({ id: saved.id, apiKey: `${canary} again` })
  const found = await reread(saved.id)
  expect(found.apiKey).toBe(`${canary} again`)
  expect(envelopeId(found)).not.toBe(envelopeId(saved))
  await shops().save({ id: saved.id, apiKey: `${canary} and again` })
  expect(envelopeId(await reread(saved.id))).not.toBe(envelopeId(found))
})

/** An owner is written before its shop, and a listing after it; a required field that is missing makes either fail. */
const failing: Record<string, Partial<Shop>> = {
  first: { owner: {} as Owner },
  second: { owner: { passport: 'p' } as Owner, listings: [{} as Listing] },
}

for (const [which, related] of Object.entries(failing)) {
  s.encrypts(
    `a save whose ${which} statement fails leaves plaintext in memory at once, inside the transaction too`,
    async (canary) => {
      const shop = shops().create({ apiKey: canary, ...related })
      await s.dataSource.transaction(async (manager) => {
        const attempt = manager.transaction(async (inner) => {
          await expect(inner.save(shop)).rejects.toMatchObject({ code: '23502' })
          expect(shop.apiKey).toBe(canary)
          if (which === 'second') expect(shop.owner?.passport).toBe('p')
          throw new Error('roll back')
        })
        await expect(attempt).rejects.toThrow('roll back')
        await manager.save(Object.assign(shop, { owner: null, listings: [] }))
      })
      expect((await reread(shop.id)).apiKey).toBe(canary)
    },
  )
}

s.encrypts('a save whose first statement is refused leaves plaintext in memory at once', async (canary) => {
  const late: EntitySubscriberInterface = {
    async beforeInsert({ entity, manager }) {
      await manager.query('select pg_sleep(0.05)')
      if ((entity as Owner)?.passport) (entity as Owner).passport = `${canary} late`
    },
  }
  const shop = shops().create({ apiKey: canary, owner: { passport: 'p' } })
  await s.dataSource.transaction(async (manager) => {
    await withSubscriber('after', late, async () => {
      await expect(manager.save(shop)).rejects.toMatchObject({ code: 'ERR_PLAINTEXT_REFUSED' })
    })
    expect([shop.apiKey, shop.owner?.passport]).toEqual([canary, `${canary} late`])
    shop.id = randomUUID()
    await manager.save(shop)
  })
  expect((await reread(shop.id)).apiKey).toBe(canary)
})
