import 'reflect-metadata'
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { DataSource } from 'typeorm'
import { EnvelopeCipher } from '../../src/index.js'
import { FaultyProvider } from '../../src/testing/faulty-provider.js'
import { EncryptedValue, updateEncrypted, upsertEncrypted, withEncryption } from '../../src/typeorm/index.js'
import { expectNoTrace, type FreshDatabase, freshDatabase } from '../setup/database.js'
import { Credential, Token } from './entities.js'

let database: FreshDatabase
let dataSource: DataSource
beforeAll(async () => {
  database = await freshDatabase()
  dataSource = withEncryption(
    new DataSource({ type: 'postgres', url: database.url, entities: [Credential, Token], synchronize: true }),
    { cipher: new EnvelopeCipher({ provider: new FaultyProvider() }), guard: 'install' },
  )
  await dataSource.initialize()
})
afterAll(async () => {
  await dataSource?.destroy()
  await database?.drop()
})

test('smoke', async () => {
  const repo = dataSource.getRepository(Credential)
  const canary = `canary-${randomUUID()}`
  const tenantId = randomUUID()
  const saved = await repo.save(
    repo.create({
      tenantId,
      name: 'a',
      password: canary,
      settings: { a: canary },
      oauth: { access: canary },
      certificate: Buffer.from(canary),
      hidden: canary,
      endpoint: { secret: canary, host: 'h' },
      tokens: [{ value: canary } as Token],
    }),
  )
  expect(saved.password).toBe(canary)
  const found = await repo.findOneOrFail({ where: { id: saved.id }, relations: { tokens: true } })
  expect(found.password).toBe(canary)
  expect(found.settings).toEqual({ a: canary })
  expect(Buffer.from(found.certificate!).toString()).toBe(canary)
  expect(found.endpoint.secret).toBe(canary)
  expect(found.tokens[0]!.value).toBe(canary)
  expect(await (found.oauth as EncryptedValue<any>).decrypt()).toEqual({ access: canary })
  expect(await (saved.oauth as EncryptedValue<any>).decrypt()).toEqual({ access: canary })
  found.password = `${canary}2`
  await repo.save(found)
  expect((await repo.findOneByOrFail({ id: saved.id })).password).toBe(`${canary}2`)
  found.tenantId = randomUUID()
  await expect(repo.save(found)).rejects.toMatchObject({ code: 'ERR_PLAINTEXT_REFUSED' })
  const moved = await updateEncrypted(repo, saved.id, { tenantId: found.tenantId })
  expect(moved.password).toBe(`${canary}2`)
  const id = randomUUID()
  const other = await upsertEncrypted(repo, { tenantId, name: 'z', password: canary }, ['name'])
  const rekeyed = await updateEncrypted(repo, other.id, { id })
  expect(rekeyed.password).toBe(canary)
  expect(rekeyed.id).toBe(id)
  const again = await upsertEncrypted(repo, { tenantId, name: 'z', password: `${canary}3` }, ['name'])
  expect(again.id).toBe(id)
  expect((await repo.findOneByOrFail({ id })).password).toBe(`${canary}3`)
  await expectNoTrace(database.client, canary)
})
