import { randomUUID } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import type { EntitySubscriberInterface, QueryRunner } from 'typeorm'
import { encryptedDataSource } from '../data-source.js'
import { Credential, Token } from '../entities.js'
import { failureOf } from '../refusal.js'
import { suite } from '../suite.js'

/** The first write to a table asks the database for its guard, and what fails then concerns that write alone. */
const s = suite([Credential, Token])
const draft = () => ({ tenantId: randomUUID(), password: 'new' }) as Credential
const GUARD_QUERY = 'pg_trigger'

/** A start of its own, which has checked nothing yet. */
async function start() {
  const typeorm = { synchronize: false }
  const { dataSource } = await encryptedDataSource(s.database, [Credential, Token], {
    typeorm,
    encryption: { guard: 'require' },
  })
  return { dataSource, credentials: dataSource.getRepository(Credential) }
}

/** Runs `run` for the first statement that looks for the guard, before it is sent. */
function atGuardCheck(run: (runner: QueryRunner) => unknown): EntitySubscriberInterface {
  let isFirst = true
  return {
    async beforeQuery({ query, queryRunner }) {
      if (!isFirst || !query.includes(GUARD_QUERY)) return
      isFirst = false
      await run(queryRunner)
    },
  }
}

test('a connection that is lost during the check fails its own save, and not another that waits for the check', async () => {
  const { dataSource, credentials } = await start()
  let other: Promise<PromiseSettledResult<Credential>[]> | undefined
  dataSource.subscribers.push(
    atGuardCheck(async (runner) => {
      const hooks = waitForHook(dataSource.subscribers)
      other = Promise.allSettled([credentials.save(draft())])
      await hooks
      const { processID } = (await runner.connect()) as { processID: number }
      await s.database.client.query('SELECT pg_terminate_backend($1, 10000)', [processID])
    }),
  )
  await failureOf(() => credentials.save(draft()))
  expect(await other).toMatchObject([{ status: 'fulfilled' }])
  expect(await credentials.find()).toMatchObject([{ password: 'new' }])
  await dataSource.destroy()
})

/** Until the hooks of a further write have been called. */
function waitForHook(subscribers: EntitySubscriberInterface[]): Promise<void> {
  return new Promise((resolve) => {
    subscribers.push({
      beforeInsert() {
        resolve()
      },
    })
  })
}

test('an entity whose save has failed while the check was under way is left alone', async () => {
  const { dataSource, credentials } = await start()
  let release: () => void = () => undefined
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  let isChecking = false
  dataSource.subscribers.push(
    atGuardCheck(() => {
      isChecking = true
      return held
    }),
    {
      async beforeInsert() {
        while (!isChecking) await setImmediate()
        throw new Error('another subscriber')
      },
    },
  )
  const entity = credentials.create({ tenantId: randomUUID() } as Credential)
  await expect(credentials.save(entity)).rejects.toThrow('another subscriber')
  const properties = Object.entries(entity).flat()
  release()
  const { master } = dataSource.driver as unknown as { master: { totalCount: number; idleCount: number } }
  while (master.totalCount > master.idleCount) await setImmediate()
  for (let turn = 0; turn < 20; turn++) await setImmediate()
  expect(Object.entries(entity).flat()).toEqual(properties)
  await dataSource.destroy()
})

test('a check that was made in a transaction is made again when that is rolled back', async () => {
  const { dataSource, credentials } = await start()
  const change = (verb: string) => `DO $$ DECLARE t record; BEGIN
    FOR t IN SELECT tgname FROM pg_trigger WHERE tgrelid = 'credential'::regclass AND NOT tgisinternal
    LOOP EXECUTE format('ALTER TABLE credential ${verb} TRIGGER %I', t.tgname); END LOOP; END $$`
  await s.database.client.query(change('DISABLE'))
  const rolledBack = dataSource.transaction(async (manager) => {
    await manager.query(change('ENABLE ALWAYS'))
    await manager.save(Credential, draft())
    throw new Error('rolled back')
  })
  await expect(rolledBack).rejects.toThrow('rolled back')
  expect(await failureOf(() => credentials.save(draft()))).toMatchObject({ code: 'ERR_CONFIGURATION' })
  await s.database.client.query(change('ENABLE ALWAYS'))
  await credentials.save(draft())
  await dataSource.destroy()
})
