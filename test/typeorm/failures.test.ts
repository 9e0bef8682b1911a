import { randomUUID } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals'
import type { EntitySubscriberInterface } from 'typeorm'
import {
  answerWithOtherDataKey,
  deny,
  type Fault,
  failWithServerError,
  hang,
  throttle,
} from '../../src/testing/faults.js'
import { ManualClock } from '../../src/testing/index.js'
import { isEncryptedValue } from '../../src/typeorm/encrypted-value.js'
import { Credential, Token } from './entities.js'
import { failureOf } from './refusal.js'
import { newCanary, suite } from './suite.js'

/**
 * Whatever fails, and wherever: the plaintext is in memory, the row is the old or the new one, a retry works and encrypts
 * once, no promise is left to nobody, and no connection stays taken.
 */
const clock = new ManualClock()
const POOL = 3
const s = suite([Credential, Token], { encryption: { clock }, cipher: { clock }, typeorm: { extra: { max: POOL } } })
const credentials = () => s.dataSource.getRepository(Credential)
const tenantId = randomUUID()

const unhandled: unknown[] = []
const onUnhandled = (reason: unknown) => unhandled.push(reason)
beforeAll(() => void process.on('unhandledRejection', onUnhandled))
afterAll(() => void process.off('unhandledRejection', onUnhandled))

beforeEach(() => {
  s.encrypted.provider.faults.clear()
  s.encrypted.cipher.forgetAll()
})

afterEach(async () => {
  s.encrypted.provider.faults.clear()
  // Long enough for what is late.
  await setImmediate()
  await setImmediate()
  expect(unhandled).toEqual([])
  const { master } = s.dataSource.driver as unknown as {
    master: { totalCount: number; idleCount: number; waitingCount: number }
  }
  expect({ taken: master.totalCount - master.idleCount, waiting: master.waitingCount }).toEqual({
    taken: 0,
    waiting: 0,
  })
})

function draft(values: Partial<Credential> = {}): Credential {
  return credentials().create({ tenantId, password: 'old', settings: { of: 'old' }, ...values } as Credential)
}

async function saved(values: Partial<Credential> = {}): Promise<Credential> {
  const { id } = await credentials().save(draft(values))
  return credentials().findOneByOrFail({ id })
}

function expectPlain(entity: Credential, password: string): void {
  expect(entity.password).toBe(password)
  for (const value of [entity.password, entity.settings, entity.certificate])
    expect(isEncryptedValue(value)).toBe(false)
}

async function withSubscriber<T>(
  subscriber: EntitySubscriberInterface,
  run: () => Promise<T>,
  first = false,
): Promise<T> {
  const { subscribers } = s.dataSource
  if (first) subscribers.unshift(subscriber)
  else subscribers.push(subscriber)
  try {
    return await run()
  } finally {
    subscribers.splice(subscribers.indexOf(subscriber), 1)
  }
}

test('a unique violation of an insert leaves plaintext, and a retry encrypts it once', async () => {
  const name = randomUUID()
  await saved({ name })
  const entity = draft({ name, password: 'new', oauth: { access: 'a' }, certificate: Buffer.from('c') })
  await expect(credentials().save(entity)).rejects.toMatchObject({ driverError: { code: '23505' } })
  expectPlain(entity, 'new')
  expect(entity.oauth).toEqual({ access: 'a' })
  entity.name = randomUUID()
  await credentials().save(entity)
  const read = await credentials().findOneByOrFail({ id: entity.id })
  expectPlain(read, 'new')
  expect(await (read.oauth as { decrypt(): Promise<unknown> }).decrypt()).toEqual({ access: 'a' })
})

test('a unique violation of insert() leaves the caller’s object as it was', async () => {
  const name = randomUUID()
  await saved({ name })
  const object = { tenantId, name, password: 'new', oauth: { access: 'a' } }
  await expect(credentials().insert(object)).rejects.toMatchObject({ driverError: { code: '23505' } })
  expect(object).toMatchObject({ password: 'new', oauth: { access: 'a' } })
  object.name = randomUUID()
  await credentials().insert(object)
  expect((await credentials().findOneByOrFail({ name: object.name })).password).toBe('new')
})

for (const transaction of [true, false]) {
  test(`a unique violation of an update leaves plaintext and the old row (transaction: ${transaction})`, async () => {
    const name = randomUUID()
    await saved({ name })
    const entity = await saved()
    Object.assign(entity, { name, password: 'new', hidden: null, settings: { of: 'new' } })
    await expect(credentials().save(entity, { transaction })).rejects.toMatchObject({ driverError: { code: '23505' } })
    expectPlain(entity, 'new')
    expectPlain(await credentials().findOneByOrFail({ id: entity.id }), 'old')
    entity.name = randomUUID()
    await credentials().save(entity, { transaction })
    expectPlain(await credentials().findOneByOrFail({ id: entity.id }), 'new')
  })
}

test('a transaction that the application rolls back leaves plaintext, and the same entities can be saved again', async () => {
  const fresh = draft({ password: 'fresh', oauth: { access: 'a' } })
  const loaded = await saved()
  const rollback = s.dataSource.transaction(async (manager) => {
    await manager.save(fresh)
    Object.assign(loaded, { password: 'new', settings: { of: 'new' }, hidden: null })
    await manager.save(loaded)
    throw new Error('rolled back')
  })
  await expect(rollback).rejects.toThrow('rolled back')
  expectPlain(fresh, 'fresh')
  expectPlain(loaded, 'new')
  expect(await credentials().countBy({ id: fresh.id })).toBe(0)
  expectPlain(await credentials().findOneByOrFail({ id: loaded.id }), 'old')
  await credentials().save([fresh, loaded])
  const read = await credentials().findOneByOrFail({ id: fresh.id })
  expectPlain(read, 'fresh')
  // Shown encrypted since the first save, whose envelope was never stored.
  expect(await (read.oauth as { decrypt(): Promise<unknown> }).decrypt()).toEqual({ access: 'a' })
  expectPlain(await credentials().findOneByOrFail({ id: loaded.id }), 'new')
})

test('the plaintext is back in memory while the statement is on its way', async () => {
  const entity = draft({ password: 'new', oauth: { access: 'a' } })
  const seen: unknown[] = []
  const witness: EntitySubscriberInterface = {
    beforeQuery({ query }) {
      if (query.startsWith('INSERT INTO "credential"')) seen.push(entity.password, entity.oauth)
    },
  }
  await withSubscriber(witness, () => credentials().save(entity))
  expect(seen).toEqual(['new', { access: 'a' }])
})

const kmsFailures: Record<string, [Fault, string]> = {
  denied: [deny(), 'ERR_KMS_ACCESS_DENIED'],
  throttled: [throttle(), 'ERR_KMS_UNAVAILABLE'],
  'failing by itself': [failWithServerError(), 'ERR_KMS_UNAVAILABLE'],
}

for (const [name, [fault, code]] of Object.entries(kmsFailures)) {
  test(`a KMS that is ${name} fails an insert, writes nothing and leaves plaintext`, async () => {
    const entity = draft({ password: 'new' })
    s.encrypted.provider.faults.inject(fault)
    await expect(credentials().save(entity)).rejects.toMatchObject({ code })
    expectPlain(entity, 'new')
    expect(await s.database.client.query('SELECT FROM credential WHERE id = $1', [entity.id])).toMatchObject({
      rowCount: 0,
    })
    s.encrypted.provider.faults.clear()
    await credentials().save(entity)
    expectPlain(await credentials().findOneByOrFail({ id: entity.id }), 'new')
  })

  test(`a KMS that is ${name} fails a find, and the next find reads`, async () => {
    const { id } = await saved()
    s.encrypted.cipher.forgetAll()
    s.encrypted.provider.faults.inject(fault)
    await expect(credentials().findOneByOrFail({ id })).rejects.toMatchObject({ code })
    s.encrypted.provider.faults.clear()
    expectPlain(await credentials().findOneByOrFail({ id }), 'old')
  })

  test(`a KMS that is ${name} in an update leaves plaintext and the old row`, async () => {
    const entity = await saved()
    Object.assign(entity, { password: 'new', settings: { of: 'new' }, hidden: null })
    s.encrypted.provider.faults.inject(fault, { operation: 'generateDataKey' })
    await expect(credentials().save(entity)).rejects.toMatchObject({ code })
    expectPlain(entity, 'new')
    s.encrypted.provider.faults.clear()
    expectPlain(await credentials().findOneByOrFail({ id: entity.id }), 'old')
    await credentials().save(entity)
    expectPlain(await credentials().findOneByOrFail({ id: entity.id }), 'new')
  })
}

test('a KMS that unwraps another data key is told by the commitment, and the row reads afterwards', async () => {
  const { id } = await saved()
  s.encrypted.cipher.forgetAll()
  s.encrypted.provider.faults.inject(answerWithOtherDataKey(), { operation: 'unwrap', times: 1 })
  await expect(credentials().findOneByOrFail({ id })).rejects.toMatchObject({ code: 'ERR_DECRYPTION_FAILED' })
  expectPlain(await credentials().findOneByOrFail({ id }), 'old')
})

for (const deaf of [false, true]) {
  test(`a KMS that hangs${deaf ? ' and ignores its signal' : ''} ends a save and a find at their deadline`, async () => {
    const entity = draft({ password: 'new' })
    const { id } = await saved()
    s.encrypted.cipher.forgetAll()
    s.encrypted.provider.faults.inject(hang({ deaf }))
    s.encrypted.provider.clearCalls()
    const writing = failureOf(() => credentials().save(entity))
    const reading = failureOf(() => credentials().findOneByOrFail({ id }))
    while (s.encrypted.provider.calls.length < 2) await setImmediate()
    await clock.advance(5_000)
    expect(await writing).toMatchObject({ code: 'ERR_KMS_UNAVAILABLE', reason: 'timeout' })
    expect(await reading).toMatchObject({ code: 'ERR_KMS_UNAVAILABLE', reason: 'timeout' })
    expectPlain(entity, 'new')
    s.encrypted.provider.faults.clear()
    await credentials().save(entity)
    expectPlain(await credentials().findOneByOrFail({ id: entity.id }), 'new')
  })
}

test('a pool that waits for a slow KMS is held no longer than the deadline, and unrelated statements run in between', async () => {
  const ids = await Promise.all(Array.from({ length: 9 }, async () => (await saved()).id))
  s.encrypted.cipher.forgetAll()
  s.encrypted.provider.faults.inject(hang())
  s.encrypted.provider.clearCalls()
  const reads = ids.map((id) => failureOf(() => credentials().findOneByOrFail({ id })))
  while (s.encrypted.provider.calls.length < POOL) await setImmediate()
  const unrelated = s.dataSource.query('SELECT 1 AS one')
  // All connections are waiting. Each round of deadlines gives them to those in line, so three rounds serve nine reads.
  for (let round = 0; round < 3; round++) {
    while (s.encrypted.provider.calls.length < POOL * (round + 1)) await setImmediate()
    await clock.advance(5_000)
  }
  for (const failure of await Promise.all(reads)) expect(failure).toMatchObject({ code: 'ERR_KMS_UNAVAILABLE' })
  expect(await unrelated).toEqual([{ one: 1 }])
})

const asynchronous = {
  early: async () => {
    throw new Error('another subscriber')
  },
  late: async () => {
    for (let turn = 0; turn < 20; turn++) await setImmediate()
    throw new Error('another subscriber')
  },
}

for (const [when, fail] of Object.entries(asynchronous)) {
  for (const hook of ['beforeInsert', 'afterInsert'] as const) {
    for (const first of [true, false]) {
      test(`another subscriber that fails ${when} in ${hook}, ${first ? 'before' : 'after'} ours, leaves plaintext and no row`, async () => {
        const entity = draft({ password: 'new', oauth: { access: 'a' } })
        await withSubscriber(
          { [hook]: fail },
          () => expect(credentials().save(entity)).rejects.toThrow('another subscriber'),
          first,
        )
        expectPlain(entity, 'new')
        expect(await s.database.client.query('SELECT FROM credential WHERE id = $1', [entity.id])).toMatchObject({
          rowCount: 0,
        })
        await credentials().save(entity)
        const read = await credentials().findOneByOrFail({ id: entity.id })
        expectPlain(read, 'new')
        expect(await (read.oauth as { decrypt(): Promise<unknown> }).decrypt()).toEqual({ access: 'a' })
      })
    }
  }
}

for (const transaction of [true, false]) {
  test(`another subscriber that fails while our KMS call is under way sees no late change (transaction: ${transaction})`, async () => {
    const entity = draft({ password: 'new' })
    let release: () => void = () => undefined
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const slow: Fault = {
      async transport(call, send) {
        await held
        return send(call.options)
      },
    }
    s.encrypted.provider.faults.inject(slow)
    s.encrypted.provider.clearCalls()
    const subscriber = {
      async beforeInsert() {
        while (s.encrypted.provider.calls.length === 0) await setImmediate()
        throw new Error('another subscriber')
      },
    }
    await withSubscriber(subscriber, () =>
      expect(credentials().save(entity, { transaction })).rejects.toThrow('another subscriber'),
    )
    expectPlain(entity, 'new')
    release()
    for (let turn = 0; turn < 20; turn++) await setImmediate()
    expectPlain(entity, 'new')
  })

  test(`another subscriber that throws synchronously leaves plaintext (transaction: ${transaction})`, async () => {
    const entity = draft({ password: 'new' })
    const subscriber = {
      beforeInsert() {
        throw new Error('another subscriber')
      },
    }
    await withSubscriber(subscriber, () =>
      expect(credentials().save(entity, { transaction })).rejects.toThrow('another subscriber'),
    )
    for (let turn = 0; turn < 20; turn++) await setImmediate()
    expectPlain(entity, 'new')
    await credentials().save(entity)
    expectPlain(await credentials().findOneByOrFail({ id: entity.id }), 'new')
  })
}

test('a connection that is lost in mid-operation fails the save, and a retry on another one works', async () => {
  const entity = await saved()
  const canary = newCanary()
  Object.assign(entity, { password: canary, settings: { of: 'new' }, hidden: null })
  const subscriber: EntitySubscriberInterface = {
    async beforeUpdate({ queryRunner }) {
      const [{ pid }] = await queryRunner.query('SELECT pg_backend_pid() AS pid')
      await s.database.client.query('SELECT pg_terminate_backend($1)', [pid])
    },
  }
  await withSubscriber(subscriber, () => expect(credentials().save(entity)).rejects.toBeInstanceOf(Error))
  expectPlain(entity, canary)
  expectPlain(await credentials().findOneByOrFail({ id: entity.id }), 'old')
  await credentials().save(entity)
  expectPlain(await credentials().findOneByOrFail({ id: entity.id }), canary)
})
