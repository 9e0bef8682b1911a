import { randomUUID } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import { type Fault, hang, slow } from '../../../src/testing/faults.js'
import { Credential } from '../entities.js'
import { failureOf } from '../refusal.js'
import { failureSuite, POOL, TIMEOUT_MS } from './failure-suite.js'
import { OPERATIONS } from './operations.js'

/** What a KMS that is slow, or hangs, costs everybody else who needs a connection. */
const s = failureSuite()
const calls = () => s.encrypted.provider.calls.length

const KMS: Readonly<Record<string, [fault: Fault, holdMs: number]>> = {
  'takes 200 ms': [slow(200), 200],
  hangs: [hang(), TIMEOUT_MS],
  'hangs and ignores its signal': [hang({ deaf: true }), TIMEOUT_MS],
}

const credentials = () => s.dataSource.getRepository(Credential)
const draft = () => ({ tenantId: randomUUID(), password: 'new' })

/** Each is of a row of its own, whose data key nobody else asks for. */
const HOLDERS: Readonly<Record<string, () => Promise<() => Promise<unknown>>>> = {
  async find() {
    const { id } = await credentials().save(draft() as Credential)
    return () => credentials().findOneByOrFail({ id })
  },
  async save() {
    return () => credentials().save(draft() as Credential)
  },
}

for (const [what, [fault, holdMs]] of Object.entries(KMS)) {
  for (const [operation, prepare] of Object.entries(HOLDERS)) {
    for (const ahead of [0, 2, 3, 7]) {
      const rounds = 1 + Math.floor(ahead / POOL)
      test(`a query behind ${ahead} waiting ${operation}s waits ${rounds} × ${holdMs} ms for a KMS that ${what}`, async () => {
        const all: (() => Promise<unknown>)[] = []
        for (let n = 0; n < POOL + ahead; n++) all.push(await prepare())
        s.encrypted.cipher.forgetAll()
        s.encrypted.provider.clearCalls()
        s.encrypted.provider.faults.inject(fault)
        const started = s.clock.now()
        const since = () => s.clock.now() - started
        const start = (run: () => Promise<unknown>) => run().then(since, since)
        const holders = all.splice(0, POOL).map(start)
        await reached(() => calls() === POOL)
        const queued = all.map(start)
        await reached(async () => (await s.connections()).waiting === ahead)
        const unrelated = s.dataSource.query('SELECT 1').then(since)
        for (let round = 1; POOL * (round - 1) < POOL + ahead; round++) {
          await reached(() => calls() === Math.min(POOL * round, POOL + ahead))
          await s.clock.advance(holdMs)
          if (round === rounds) expect(await unrelated).toBe(rounds * holdMs)
        }
        expect(await Promise.all(holders)).toEqual(Array(POOL).fill(holdMs))
        await Promise.all(queued)
      })
    }
  }

  test(`an insert() that waits for a KMS that ${what} has taken no connection yet`, async () => {
    await credentials().insert(draft())
    s.encrypted.provider.faults.inject(fault)
    s.encrypted.provider.clearCalls()
    const inserts = Array.from({ length: 2 * POOL }, () =>
      credentials()
        .insert(draft())
        .catch(() => undefined),
    )
    await reached(() => calls() === 2 * POOL)
    expect(await s.connections()).toEqual({ taken: 0, waiting: 0, busy: [] })
    await s.dataSource.query('SELECT 1')
    await s.clock.advance(holdMs)
    await Promise.all(inserts)
  })
}

async function reached(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await setImmediate()
}

/** How many times in a row an operation waits for the KMS, each with a deadline of its own. */
const ROUNDS: Readonly<Record<string, number>> = {
  'save() of a new row': 1,
  'insert()': 1,
  'save() with a cascade': 1,
  'save() of a changed row': 2,
  'save() of one changed field': 1,
  'save() of several rows': 2,
  'softRemove()': 1,
  'remove()': 1,
  'updateEncrypted()': 2,
  'upsertEncrypted() of a new row': 1,
  'upsertEncrypted() of an old row': 2,
  'find()': 1,
}

for (const [name, rounds] of Object.entries(ROUNDS)) {
  test(`${name} waits for the KMS at most ${rounds} times, each time up to its deadline`, async () => {
    // The first write of each table asks for its guard.
    await OPERATIONS['save() with a cascade']!.prepare(s.dataSource).then(({ run }) => run(s.dataSource.manager))
    const { run } = await OPERATIONS[name]!.prepare(s.dataSource)
    s.encrypted.cipher.forgetAll()
    s.encrypted.provider.clearCalls()
    s.encrypted.provider.faults.inject(slow(TIMEOUT_MS - 1))
    let isDone = false
    const running = run(s.dataSource.manager).finally(() => {
      isDone = true
    })
    const started = s.clock.now()
    for (let round = 0; round < rounds; round++) {
      await reached(() => s.clock.pendingTimers > 0)
      expect(isDone).toBe(false)
      await s.clock.advance(TIMEOUT_MS - 1)
    }
    await running
    expect(s.clock.now() - started).toBe(rounds * (TIMEOUT_MS - 1))
  })
}

test('a provider that asks through the pool that waits for it ends at its deadline, and the pool is free again', async () => {
  const throughThePool: Fault = {
    async transport(call, send) {
      await s.dataSource.query('SELECT 1')
      return send(call.options)
    },
  }
  s.encrypted.provider.faults.inject(throughThePool)
  const save = () => credentials().save(draft() as Credential)
  const saves = Array.from({ length: POOL }, () => failureOf(save))
  await reached(() => calls() === POOL)
  await reached(async () => (await s.connections()).waiting === POOL)
  await s.clock.advance(TIMEOUT_MS)
  for (const failure of await Promise.all(saves)) {
    expect(failure).toMatchObject({ code: 'ERR_KMS_UNAVAILABLE', reason: 'timeout' })
  }
  await s.settle()
  s.encrypted.provider.faults.clear()
  await save()
})
