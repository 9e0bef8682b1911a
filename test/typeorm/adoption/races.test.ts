import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { Repository } from 'typeorm'
import { type FreshDatabase, freshDatabase } from '../../setup/database.js'
import { Account, LegacyTable, OldAccount } from './legacy-account.js'

let database: FreshDatabase
let table: LegacyTable
let id: string

beforeEach(async () => {
  database = await freshDatabase()
  table = await LegacyTable.create(database)
  const old = await table.old()
  const saved = await old
    .getRepository(OldAccount)
    .save({ tenantId: randomUUID(), password: 'p', note: 'n', token: 't' })
  id = saved.id
  await old.destroy()
})
afterEach(async () => {
  await table?.close()
  await database?.drop()
})

async function repositories(): Promise<{ read: Repository<Account>; write: Repository<Account> }> {
  const [read, write] = [await table.start('adopt-read'), await table.start('adopt-write')]
  return { read: read.dataSource.getRepository(Account), write: write.dataSource.getRepository(Account) }
}

/** Runs `meanwhile` when a save has reloaded the row and is about to lock it. */
function beforeLock(repository: Repository<Account>, meanwhile: () => Promise<unknown>): void {
  const { connection } = repository.manager
  const { createQueryRunner } = connection
  connection.createQueryRunner = (mode) => {
    const runner = createQueryRunner.call(connection, mode)
    const query = runner.query.bind(runner) as (...args: unknown[]) => Promise<never>
    let isDone = false
    runner.query = async (text: string, ...rest: unknown[]): Promise<never> => {
      if (/FOR UPDATE/.test(text) && !isDone) {
        isDone = true
        connection.createQueryRunner = createQueryRunner
        await meanwhile()
      }
      return query(text, ...rest)
    }
    return runner
  }
}

describe.each(['adopt-read', 'adopt-write'])('a save of %s that has loaded a row without an envelope', (mode) => {
  test('goes on when the row was encrypted before it was reloaded', async () => {
    const { read, write } = await repositories()
    const repository = mode === 'adopt-read' ? read : write
    const account = await repository.findOneByOrFail({ id })
    await write.save(Object.assign(await write.findOneByOrFail({ id }), { password: 'first' }))
    account.password = 'second'
    await repository.save(account)
    expect(await repository.findOneByOrFail({ id })).toMatchObject({ password: 'second', note: 'n' })
  })

  test('meets a row that was encrypted between its reload and its lock', async () => {
    const { read, write } = await repositories()
    const repository = mode === 'adopt-read' ? read : write
    const account = await repository.findOneByOrFail({ id })
    account.password = 'second'
    beforeLock(repository, async () => {
      await write.save(Object.assign(await write.findOneByOrFail({ id }), { note: 'first' }))
    })
    await expect(repository.save(account)).rejects.toMatchObject({ code: 'ERR_ENVELOPE_CHANGED', retryable: true })
    expect(await table.stored(id)).toMatchObject({ password: 'p' })
    expect(account.password).toBe('second')
    await repository.save(account)
    expect(await write.findOneByOrFail({ id })).toMatchObject({ password: 'second' })
  })
})

test('adopt-write keeps what another process wrote into another field meanwhile', async () => {
  const { read, write } = await repositories()
  const account = await write.findOneByOrFail({ id })
  account.password = 'second'
  beforeLock(write, async () => {
    await read.save(Object.assign(await read.findOneByOrFail({ id }), { note: 'first' }))
  })
  await write.save(account)
  expect(await write.findOneByOrFail({ id })).toMatchObject({ password: 'second', note: 'first' })
})

test('without a transaction a row that has no envelope is not changed', async () => {
  const { read } = await repositories()
  const account = await read.findOneByOrFail({ id })
  account.password = 'second'
  await expect(read.save(account, { transaction: false })).rejects.toMatchObject({ code: 'ERR_PLAINTEXT_REFUSED' })
  expect(await table.stored(id)).toMatchObject({ password: 'p' })
})

test.each(['adopt-read', 'adopt-write'])(
  'a rollback in %s leaves the plaintext in memory and the row as it was',
  async (mode) => {
    const { read, write } = await repositories()
    const repository = mode === 'adopt-read' ? read : write
    const before = await table.stored(id)
    const account = await repository.findOneByOrFail({ id })
    Object.assign(account, { password: 'second', token: 'second' })
    const failing = repository.manager.transaction(async (manager) => {
      await manager.save(account)
      throw new Error('rolled back')
    })
    await expect(failing).rejects.toThrow('rolled back')
    expect(await table.stored(id)).toEqual(before)
    expect(account.password).toBe('second')
    await repository.save(account)
    expect(await repository.findOneByOrFail({ id })).toMatchObject({ password: 'second' })
  },
)

test('no plaintext that a mode writes is printed by the log of TypeORM', async () => {
  const { read } = await repositories()
  const secret = `secret-${randomUUID()}`
  await read.save(read.create({ tenantId: randomUUID(), password: secret, note: secret, settings: { secret } }))
  expect(table.log.text).toContain('[plaintext]')
  expect(table.log.text).not.toContain(secret)
})
