import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Repository } from 'typeorm'
import { expectNoTrace, type FreshDatabase, freshDatabase, serverLog } from '../setup/database.js'
import { type EncryptedDataSource, encryptedDataSource } from './data-source.js'
import { Credential, Token } from './entities.js'

let database: FreshDatabase
let encrypted: EncryptedDataSource
let credentials: Repository<Credential>

beforeAll(async () => {
  database = await freshDatabase()
  encrypted = await encryptedDataSource(database, [Credential, Token], { typeorm: { cache: true } })
  credentials = encrypted.dataSource.getRepository(Credential)
})

afterAll(async () => {
  await encrypted?.dataSource.destroy()
  await database?.drop()
})

test('a cached query by plaintext is refused before the cache is asked', async () => {
  const canary = `canary-${randomUUID()}`
  const query = credentials.createQueryBuilder('c').where('c.password = :canary', { canary }).cache(true)
  await expect(query.getMany()).rejects.toMatchObject({ code: 'ERR_PLAINTEXT_REFUSED' })
  await expectNoTrace(database.client, canary)
})

test('a cached query by a column in the open is looked up', async () => {
  const name = `name-${randomUUID()}`
  await credentials.createQueryBuilder('c').where('c.name = :name', { name }).cache(true).getMany()
  expect(serverLog()).toContain(name)
})
