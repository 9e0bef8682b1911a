import { randomUUID } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import type { EntityManager, EntitySubscriberInterface } from 'typeorm'
import { type Fault, failWithServerError, hang } from '../../../src/testing/faults.js'
import { isEncryptedValue } from '../../../src/typeorm/encrypted-value.js'
import { decryptAll } from '../../../src/typeorm/index.js'
import { Credential } from '../entities.js'
import { failureOf } from '../refusal.js'
import { failureSuite, TIMEOUT_MS } from './failure-suite.js'
import { heldCalls } from './held-calls.js'

/** What an operation leaves to its other rows, and to the transaction around it, when it gives up. */
const s = failureSuite()
const credentials = () => s.dataSource.getRepository(Credential)
const draft = (password: string) => ({ tenantId: randomUUID(), password, oauth: { access: password } }) as Credential

const breakConnection: Fault = {
  async transport() {
    throw new Error('connect ECONNREFUSED')
  },
}

/** Rows of one tenant, whose data keys are not cached. */
async function stored(count: number): Promise<string> {
  const tenantId = randomUUID()
  await credentials().insert(Array.from({ length: count }, (_, n) => ({ ...draft(`${n}`), tenantId })) as never)
  s.encrypted.cipher.forgetAll()
  s.encrypted.provider.clearCalls()
  return tenantId
}

const withoutHooks = (tenantId: string) => {
  return credentials().createQueryBuilder('c').callListeners(false).where({ tenantId }).getMany()
}

test('one row that fails leaves no other encrypted in memory, and the transaction around it can go on', async () => {
  await s.dataSource.transaction(async (manager) => {
    const rows = [draft('a'), draft('b'), draft('c')].map((values) => manager.create(Credential, values))
    s.encrypted.provider.faults.inject({}, { times: 2 })
    s.encrypted.provider.faults.inject(failWithServerError())
    await expect(manager.save(rows)).rejects.toMatchObject({ code: 'ERR_KMS_UNAVAILABLE' })
    expect(rows.map(({ password }) => password)).toEqual(['a', 'b', 'c'])
    s.encrypted.provider.faults.clear()
    await manager.save(rows)
  })
})

test('a find() of which one row fails asks for no further data key', async () => {
  const tenantId = await stored(100)
  const calls = heldCalls()
  s.encrypted.provider.faults.inject(failWithServerError(), { times: 1 })
  s.encrypted.provider.faults.inject(calls.fault)
  await s.dataSource.transaction(async (manager) => {
    await expect(manager.findBy(Credential, { tenantId })).rejects.toMatchObject({ code: 'ERR_KMS_UNAVAILABLE' })
    calls.release()
    for (let turn = 0; turn < 20; turn++) await setImmediate()
    // Those that were under way, and the one that took the place of the one that failed.
    expect(s.encrypted.provider.calls).toHaveLength(64 + 1)
  })
})

test('one deadline ends a decryptAll() of lazy fields, whatever still waits for its turn', async () => {
  const tenantId = await stored(100)
  const select = { id: true, tenantId: true, oauth: true, encryptionMetadata: true } as const
  const rows = await credentials().find({ where: { tenantId }, select })
  s.encrypted.provider.faults.inject(hang())
  let isDone = false
  const decrypting = decryptAll(credentials(), rows).finally(() => {
    isDone = true
  })
  while (s.encrypted.provider.calls.length < 64) await setImmediate()
  await s.clock.advance(TIMEOUT_MS)
  expect(isDone).toBe(true)
  expect(s.encrypted.provider.calls).toHaveLength(64)
  for (const { error } of await decrypting) expect(error).toMatchObject({ code: 'ERR_KMS_UNAVAILABLE' })
})

test('a decryptAll() that fails has stopped changing the rows of its caller', async () => {
  const rows = await withoutHooks(await stored(2))
  const calls = heldCalls()
  s.encrypted.provider.faults.inject(breakConnection, { times: 1 })
  s.encrypted.provider.faults.inject(calls.fault)
  const failure = failureOf(() => decryptAll(credentials(), rows))
  await calls.arrived()
  calls.release()
  expect(await failure).toMatchObject({ message: 'connect ECONNREFUSED' })
  const passwords = rows.map(({ password }) => password)
  await s.settle()
  expect(rows.map(({ password }) => password)).toEqual(passwords)
  expect(passwords.map(isEncryptedValue).sort()).toEqual([false, true])
})

test('a failure of another subscriber inside a transaction that goes on: the entity is saved whole, once it is saved again', async () => {
  const { id } = await credentials().save({ ...draft('old'), hidden: 'hidden' } as Credential)
  const entity = await credentials().findOneByOrFail({ id })
  entity.password = 'new'
  const subscriber: EntitySubscriberInterface = {
    afterUpdate() {
      throw new Error('another subscriber')
    },
  }
  await s.dataSource.transaction(async (manager: EntityManager) => {
    const first = s.withSubscriber('before', subscriber, () => manager.save(entity))
    await expect(first).rejects.toThrow('another subscriber')
    // Not loaded, and TypeORM has set it to null by now.
    await manager.save(entity)
  })
  const read = await credentials().createQueryBuilder('c').addSelect('c.hidden').where({ id }).getOneOrFail()
  expect(read).toMatchObject({ password: 'new', hidden: 'hidden' })
})

test('what another subscriber made fail before any statement is plaintext again when the save ends', async () => {
  const entity = credentials().create(draft('new'))
  const subscriber: EntitySubscriberInterface = {
    async beforeInsert() {
      while (!isEncryptedValue(entity.password)) await setImmediate()
      throw new Error('another subscriber')
    },
  }
  const saving = s.withSubscriber('after', subscriber, () => credentials().save(entity, { transaction: false }))
  await expect(saving).rejects.toThrow('another subscriber')
  expect(entity.password).toBe('new')
})

test('what another subscriber made fail in a savepoint is plaintext again when that is rolled back', async () => {
  const entity = credentials().create(draft('new'))
  const subscriber: EntitySubscriberInterface = {
    async beforeInsert() {
      while (!isEncryptedValue(entity.password)) await setImmediate()
      throw new Error('another subscriber')
    },
  }
  await s.dataSource.transaction(async (outer) => {
    const inner = s.withSubscriber('after', subscriber, () => outer.transaction((manager) => manager.save(entity)))
    await expect(inner).rejects.toThrow('another subscriber')
    expect(entity.password).toBe('new')
    await outer.save(entity)
  })
  expect((await credentials().findOneByOrFail({ id: entity.id })).password).toBe('new')
})
