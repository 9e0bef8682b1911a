import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import type { EntityManager, EntitySubscriberInterface } from 'typeorm'
import { isWaxsealError } from '../../src/errors.js'
import { Credential, Token } from './entities.js'
import { expectRefused, failureOf } from './refusal.js'
import { newCanary, suite } from './suite.js'

const s = suite([Credential, Token])
const tenantId = randomUUID()
const credentials = () => s.dataSource.getRepository(Credential)
const builder = () => s.dataSource.createQueryBuilder()

let existing: Credential
/** The row as it lies in the table. */
let stored: Record<string, unknown>
const row = async () => (await s.database.client.query('select * from credential where id = $1', [existing.id])).rows[0]

beforeEach(async () => {
  const values = { tenantId, name: randomUUID(), password: 'before', endpoint: { secret: 'before' } }
  existing = await credentials().save(credentials().create(values))
  stored = await row()
})
afterEach(async () => {
  expect(await row()).toEqual(stored)
})

/** A way of writing `canary` that is refused before the statement is sent. */
type Write = (canary: string) => Promise<unknown>

const sqlLiteral = (canary: string) => (() => `'${canary}'`) as never

const rowsUnknown: Record<string, Write> = {
  'update() by id': (canary) => credentials().update(existing.id, { password: canary }),
  'update() by criteria': (canary) => credentials().update({ name: existing.name! }, { password: canary }),
  'update() of an embedded field': (canary) => credentials().update(existing.id, { endpoint: { secret: canary } }),
  'update() by a flat path': (canary) => credentials().update(existing.id, { 'endpoint.secret': canary } as never),
  'update() of json': (canary) => credentials().update(existing.id, { settings: { a: canary } }),
  'update() of a lazy field': (canary) => credentials().update(existing.id, { oauth: { access: canary } as never }),
  'update() of bytes': (canary) => credentials().update(existing.id, { certificate: Buffer.from(canary) }),
  'update() of a hidden field': (canary) => credentials().update(existing.id, { hidden: canary }),
  'update() with a field and another column': (canary) =>
    credentials().update(existing.id, { name: 'other', password: canary }),
  'updateAll()': (canary) =>
    (credentials() as unknown as { updateAll(set: object): Promise<unknown> }).updateAll({ password: canary }),
  'an update query builder': (canary) =>
    builder().update(Credential).set({ password: canary }).where({ id: existing.id }).execute(),
  'an update query builder of an entity': (canary) =>
    builder().update(Credential).set({ password: canary }).whereEntity(existing).execute(),
  'an update query builder by the name of the entity': (canary) =>
    builder().update('Credential').set({ password: canary }).where({ id: existing.id }).execute(),
  'an update query builder by the name of the table': (canary) =>
    builder().update('credential').set({ password: canary }).where({ id: existing.id }).execute(),
  'an update query builder without listeners': (canary) =>
    builder().update(Credential).set({ password: canary }).where({ id: existing.id }).callListeners(false).execute(),
  'an update query builder of bytes without listeners': (canary) =>
    builder()
      .update(Credential)
      .set({ certificate: Buffer.from(canary) })
      .where({ id: existing.id })
      .callListeners(false)
      .execute(),
}

const upserts: Record<string, Write> = {
  'upsert() of a new row': (canary) =>
    credentials().upsert({ tenantId, name: randomUUID(), password: canary }, ['name']),
  'upsert() of an existing row': (canary) =>
    credentials().upsert({ tenantId, name: existing.name!, password: canary }, ['name']),
  'upsert() that skips what would not change': (canary) =>
    credentials().upsert(
      { tenantId, name: existing.name!, password: canary },
      { conflictPaths: ['name'], skipUpdateIfNoValuesChanged: true },
    ),
  'orUpdate()': (canary) =>
    builder()
      .insert()
      .into(Credential)
      .values({ tenantId, name: existing.name!, password: canary })
      .orUpdate(['password'], ['name'])
      .execute(),
  'orUpdate() of another column': (canary) =>
    builder()
      .insert()
      .into(Credential)
      .values({ tenantId, name: existing.name!, password: canary })
      .orUpdate(['deletedAt'], ['name'])
      .execute(),
  'orUpdate() without listeners': (canary) =>
    builder()
      .insert()
      .into(Credential)
      .values({ tenantId, name: existing.name!, password: canary })
      .orUpdate(['password'], ['name'])
      .callListeners(false)
      .execute(),
}

for (const [group, writes] of Object.entries({
  'rows that nobody loaded': rowsUnknown,
  upserts,
})) {
  for (const [name, write] of Object.entries(writes)) {
    test(`${group}: ${name} is refused before it is sent`, async () => {
      const canary = newCanary()
      await expectRefused(s, canary, () => write(canary))
    })
  }
}

test('an SQL expression is called one, in an insert and in an update', async () => {
  for (const values of [
    { tenantId, password: sqlLiteral('x') },
    { id: existing.id, password: sqlLiteral('x') },
  ]) {
    const error = await failureOf(() => credentials().save(values))
    expect(error.message).toContain('an SQL expression cannot be encrypted')
  }
})

test("a refusal is our own error and not TypeORM's: the statement was never tried", async () => {
  const save = () => credentials().save({ tenantId, password: 'p' }, { listeners: false })
  const before = s.log.text.length
  const error = await failureOf(save)
  expect([isWaxsealError(error), error.name]).toEqual([true, 'PlaintextRefusedError'])
  expect(s.log.text.slice(before)).not.toContain('query error')
})

test('a refusal inside a transaction leaves the transaction usable', async () => {
  const canary = newCanary()
  await s.dataSource.transaction(async (manager) => {
    expect(await failureOf(() => manager.update(Credential, existing.id, { password: canary }))).toMatchObject({
      code: 'ERR_PLAINTEXT_REFUSED',
    })
    const other = await manager.save(Credential, { tenantId, password: canary } as Credential)
    expect((await manager.findOneByOrFail(Credential, { id: other.id })).password).toBe(canary)
  })
})

for (const hook of ['beforeInsert', 'beforeUpdate'] as const) {
  for (const order of ['before', 'after'] as const) {
    test(`a subscriber ${order} ours that sets a field late, in ${hook}, is refused`, async () => {
      const canary = newCanary()
      let encrypted: Promise<unknown> | undefined
      const subscriber: EntitySubscriberInterface = {
        async [hook]({ entity, manager }: { entity?: { password?: unknown }; manager: EntityManager }) {
          // A query on the same connection ends long after our hook has encrypted: the data key is cached.
          encrypted = manager.query('select pg_sleep(0.05)')
          await encrypted
          if (entity) entity.password = canary
        },
      }
      const { subscribers } = s.dataSource
      if (order === 'before') subscribers.unshift(subscriber)
      else subscribers.push(subscriber)
      try {
        await expectRefused(s, canary, () =>
          hook === 'beforeInsert'
            ? credentials().save({ tenantId, password: 'first' })
            : credentials().save({ id: existing.id, password: 'first' }),
        )
        expect(encrypted).toBeDefined()
      } finally {
        subscribers.splice(subscribers.indexOf(subscriber), 1)
      }
    })
  }
}

test('a listener of the entity that sets a field at once is encrypted', async () => {
  const canary = newCanary()
  const subscriber: EntitySubscriberInterface = {
    beforeInsert({ entity }) {
      ;(entity as Credential).password = canary
    },
  }
  s.dataSource.subscribers.push(subscriber)
  try {
    const saved = await credentials().save({ tenantId, password: 'first' })
    expect((await credentials().findOneByOrFail({ id: saved.id })).password).toBe(canary)
  } finally {
    s.dataSource.subscribers.pop()
  }
})

test('a tenant that another subscriber sets late makes the save fail', async () => {
  const subscriber: EntitySubscriberInterface = {
    async beforeInsert({ entity, manager }) {
      await manager.query('select pg_sleep(0.05)')
      ;(entity as Credential).tenantId = randomUUID()
    },
  }
  s.dataSource.subscribers.push(subscriber)
  const name = randomUUID()
  try {
    const save = () => credentials().save({ tenantId, name, password: 'p' })
    expect(await failureOf(save)).toMatchObject({ code: 'ERR_INVALID_ENVELOPE' })
  } finally {
    s.dataSource.subscribers.pop()
  }
  expect(await credentials().countBy({ name })).toBe(0)
})

test('null needs no encryption, so update() may set it', async () => {
  const canary = newCanary()
  const { id } = await credentials().save({ tenantId, password: canary, settings: { a: 1 } })
  await credentials().update(id, { password: null })
  const found = await credentials().findOneByOrFail({ id })
  expect([found.password, found.settings]).toEqual([null, { a: 1 }])
})
