import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { IsNull, Not } from 'typeorm'
import type { ProtectedTable } from '../../../src/postgres/index.js'
import { guardSql } from '../../../src/postgres/index.js'
import { protectedTableOf } from '../../../src/typeorm/index.js'
import { type FreshDatabase, freshDatabase } from '../../setup/database.js'
import { Account, LegacyTable } from './legacy-account.js'

let database: FreshDatabase
let table: LegacyTable

beforeEach(async () => {
  database = await freshDatabase()
  table = await LegacyTable.create(database)
})
afterEach(async () => {
  await table?.close()
  await database?.drop()
})

const values = () => ({ tenantId: randomUUID(), password: `pw-${randomUUID()}`, note: `note-${randomUUID()}` })

/** What `enforce` does: the full guard, and columns so far that may be null. */
async function enforce(protectedTable: ProtectedTable): Promise<void> {
  await database.client.query('ALTER TABLE account ALTER password DROP NOT NULL')
  for (const statement of guardSql(protectedTable).install) await database.client.query(statement)
}

test('enforce refuses its first write under the guard of the adoption, and says what to do', async () => {
  await table.start('adopt-read')
  const { dataSource } = await table.start('enforce')
  const accounts = dataSource.getRepository(Account)
  await expect(accounts.save(accounts.create(values()))).rejects.toMatchObject({
    code: 'ERR_CONFIGURATION',
    message: expect.stringMatching(/GUARD_OF_ADOPTION.*"waxseal adopt enforce"/),
  })
  expect(await accounts.count()).toBe(0)
})

test('adopt-write goes on under the full guard, and enforce sets the column so far to null and reads it no more', async () => {
  const { dataSource } = await table.start('adopt-write')
  const written = values()
  const before = dataSource.getRepository(Account)
  const { id } = await before.save(before.create(written))
  await enforce(protectedTableOf(dataSource, Account))
  const other = await before.save(before.create(values()))
  expect(await table.stored(other.id)).toMatchObject({ password: other.password })

  const accounts = (await table.start('enforce')).dataSource.getRepository(Account)
  table.log.clear()
  const account = await accounts.findOneByOrFail({ id })
  expect(account).toMatchObject({ password: written.password, note: written.note })
  expect(table.log.text).not.toMatch(/"password"/)
  account.password = 'changed'
  await accounts.save(account)
  expect(await table.stored(id)).toMatchObject({ password: null, password_encrypted: expect.stringMatching(/^ws1:/) })
  const inserted = await accounts.save(accounts.create(values()))
  expect(await table.stored(inserted.id)).toMatchObject({ password: null })
  expect(await accounts.findOneByOrFail({ id: inserted.id })).toMatchObject({ password: inserted.password })
  const select = { id: true, tenantId: true, password: true, encryptionMetadata: true } as const
  table.log.clear()
  const found = await accounts.findOneOrFail({ where: { id: inserted.id, password: Not(IsNull()) }, select })
  expect(found.password).toBe(inserted.password)
  expect(table.log.text).not.toMatch(/"password"/)
  expect(await accounts.update({ id, token: Not(IsNull()) }, { name: 'n' })).toMatchObject({ affected: 0 })
  expect(await accounts.delete({ id, password: Not(IsNull()) })).toMatchObject({ affected: 1 })
})

test('a row without an envelope is an error in enforce', async () => {
  const { dataSource } = await table.start('adopt-read')
  const accounts = dataSource.getRepository(Account)
  const { id } = await accounts.save(accounts.create(values()))
  const enforced = (await table.start('enforce')).dataSource.getRepository(Account)
  await expect(enforced.findOneBy({ id })).rejects.toMatchObject({ code: 'ERR_INVALID_ENVELOPE' })
})

test.each(['adopt-read', 'adopt-write', 'enforce'] as const)(
  'the schema builder of a process in %s leaves the columns so far alone',
  async (mode) => {
    await table.start('adopt-read')
    const { dataSource } = await table.start(mode)
    const { upQueries } = await dataSource.driver.createSchemaBuilder().log()
    const texts = upQueries.map(({ query }) => query)
    expect(texts.filter((text) => /"(password|settings|token)"/.test(text))).toEqual([])
  },
)
