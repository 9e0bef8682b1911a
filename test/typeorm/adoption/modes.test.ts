import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { DataSource, Repository } from 'typeorm'
import { decryptAll, updateEncrypted, upsertEncrypted } from '../../../src/typeorm/index.js'
import { type FreshDatabase, freshDatabase } from '../../setup/database.js'
import { Account, LegacyTable, OldAccount } from './legacy-account.js'

let database: FreshDatabase
let table: LegacyTable
let old: DataSource
let read: Repository<Account>
let write: Repository<Account>

beforeAll(async () => {
  database = await freshDatabase()
  table = await LegacyTable.create(database)
  read = (await table.start('adopt-read')).dataSource.getRepository(Account)
  write = (await table.start('adopt-write')).dataSource.getRepository(Account)
  old = await table.old()
})
afterAll(async () => {
  await table?.close()
  await database?.drop()
})

const values = () => ({
  tenantId: randomUUID(),
  password: `pw-${randomUUID()}`,
  settings: { a: randomUUID() },
  token: `token-${randomUUID()}`,
  note: `note-${randomUUID()}`,
  hint: `hint-${randomUUID()}`,
})

/** Every field as an application reads it. */
async function seen(repository: Repository<Account>, id: string) {
  const query = repository.createQueryBuilder('a').addSelect('a.hint').where({ id })
  const [{ fields, error } = { fields: {}, error: undefined }] = await decryptAll(repository, await query.getMany())
  if (error) throw error
  return fields
}

const plain = ({ tenantId: _, ...fields }: ReturnType<typeof values>) => fields

describe('a row without an envelope', () => {
  test('that the old application wrote is read in both modes', async () => {
    const written = values()
    const { id } = await old.getRepository(OldAccount).save({ ...written })
    for (const repository of [read, write]) expect(await seen(repository, id)).toEqual(plain(written))
    const [found] = await read.findBy({ id })
    expect(found).toMatchObject({ password: written.password, settings: written.settings, note: written.note })
  })

  test('that adopt-read inserts is as the old application would write it', async () => {
    const written = values()
    const saved = await read.save(read.create(written))
    expect(saved).toMatchObject({ password: written.password, settings: written.settings, note: written.note })
    expect(await table.stored(saved.id)).toMatchObject({
      ...plain(written),
      password_encrypted: null,
      settings_encrypted: null,
      token_encrypted: null,
      encryption_metadata: {},
    })
    expect(await old.getRepository(OldAccount).findOneBy({ id: saved.id })).toMatchObject(written)
    expect(await seen(read, saved.id)).toEqual(plain(written))
  })

  test('stays plaintext when adopt-read changes it', async () => {
    const { id } = await old.getRepository(OldAccount).save(values())
    const account = await read.findOneByOrFail({ id })
    Object.assign(account, { password: 'changed', note: null, token: 'new' })
    await read.save(account)
    expect(await table.stored(id)).toMatchObject({
      password: 'changed',
      note: null,
      token: 'new',
      password_encrypted: null,
      encryption_metadata: {},
    })
    expect(account.password).toBe('changed')
  })

  test('is encrypted with all its fields when adopt-write changes one', async () => {
    const written = values()
    const { id } = await old.getRepository(OldAccount).save({ ...written })
    const account = await write.findOneByOrFail({ id })
    account.password = 'changed'
    await expect(write.save(account)).resolves.toBe(account)
    const stored = await table.stored(id)
    expect(stored).toMatchObject({ password: 'changed', settings: written.settings, token: written.token })
    for (const column of ['password_encrypted', 'settings_encrypted', 'token_encrypted', 'note', 'hint']) {
      expect(stored[column]).toMatch(/^ws1:/)
    }
    for (const repository of [read, write]) {
      expect(await seen(repository, id)).toEqual({ ...plain(written), password: 'changed' })
    }
  })

  test('is left alone when adopt-write changes no field of it', async () => {
    const { id } = await old.getRepository(OldAccount).save(values())
    const account = await write.findOneByOrFail({ id })
    account.name = 'renamed'
    await write.save(account)
    expect(await table.stored(id)).toMatchObject({ name: 'renamed', encryption_metadata: {}, password_encrypted: null })
  })
})

describe('a row with an envelope', () => {
  test('is what adopt-write inserts, with the column so far as the stage before reads it', async () => {
    const written = values()
    const { id } = await write.save(write.create(written))
    const stored = await table.stored(id)
    expect(stored).toMatchObject({ password: written.password, settings: written.settings, token: written.token })
    expect(stored.note).toMatch(/^ws1:/)
    expect(stored.password_encrypted).toMatch(/^ws1:/)
    for (const repository of [read, write]) expect(await seen(repository, id)).toEqual(plain(written))
  })

  test.each(['adopt-read', 'adopt-write'])('is written in both columns by %s, null included', async (mode) => {
    const repository = mode === 'adopt-read' ? read : write
    const { id } = await write.save(write.create(values()))
    const account = await repository.findOneByOrFail({ id })
    Object.assign(account, { password: 'changed', settings: null, token: 'new', note: 'changed' })
    await repository.save(account)
    const stored = await table.stored(id)
    expect(stored).toMatchObject({ password: 'changed', settings: null, settings_encrypted: null, token: 'new' })
    expect(await seen(repository, id)).toMatchObject({
      password: 'changed',
      settings: null,
      token: 'new',
      note: 'changed',
    })
    await repository.update(id, { token: null })
    expect(await table.stored(id)).toMatchObject({ token: null, token_encrypted: null })
  })

  test('is not written by the old application', async () => {
    const { id } = await write.save(write.create(values()))
    const before = await table.stored(id)
    const accounts = old.getRepository(OldAccount)
    await expect(accounts.update(id, { password: 'x' })).rejects.toMatchObject({ driverError: { code: 'WX006' } })
    await expect(accounts.update(id, { note: 'x' })).rejects.toMatchObject({ driverError: { code: 'WX001' } })
    expect(await table.stored(id)).toEqual(before)
  })
})

describe.each(['adopt-read', 'adopt-write'])('in %s', (mode) => {
  const repository = () => (mode === 'adopt-read' ? read : write)

  test('updateEncrypted() and upsertEncrypted() write as a save does', async () => {
    const { id, tenantId } = await old.getRepository(OldAccount).save(values())
    await updateEncrypted(repository(), id, { password: 'one' })
    expect(await seen(repository(), id)).toMatchObject({ password: 'one' })
    await upsertEncrypted(repository(), { id, tenantId, password: 'two', note: 'n' }, ['id'])
    expect(await seen(repository(), id)).toMatchObject({ password: 'two', note: 'n' })
    expect(await table.stored(id)).toMatchObject({ password: 'two' })
    const moved = randomUUID()
    await updateEncrypted(repository(), id, { tenantId: moved, token: 'three' })
    expect(await seen(repository(), id)).toMatchObject({ password: 'two', note: 'n', token: 'three' })
  })

  test('a selection of a field brings the column that holds it', async () => {
    const written = values()
    const { id } = await old.getRepository(OldAccount).save({ ...written })
    const select = { id: true, tenantId: true, password: true, encryptionMetadata: true } as const
    expect(await repository().findOne({ where: { id }, select })).toMatchObject({ password: written.password })
    const { id: enveloped } = await write.save(write.create(written))
    expect(await repository().findOne({ where: { id: enveloped }, select })).toMatchObject({
      password: written.password,
    })
  })

  test('a page of rows with their order is read', async () => {
    const written = values()
    const { id } = await old.getRepository(OldAccount).save({ ...written })
    const found = repository().find({ where: { tenantId: written.tenantId }, order: { name: 'ASC' }, take: 1, skip: 0 })
    expect(await found).toMatchObject([{ id, password: written.password, note: written.note }])
  })

  test('an insert that returns everything leaves the plaintext in memory', async () => {
    const written = values()
    const inserted = { ...written }
    await repository().createQueryBuilder().insert().values(inserted).returning('*').execute()
    const { token: _, ...transparent } = written
    expect(inserted).toMatchObject(transparent)
    const [found] = await repository().findBy({ tenantId: written.tenantId })
    expect(found).toMatchObject({ password: written.password, note: written.note })
  })

  test('IsNull() asks for the column that holds the value', async () => {
    const { IsNull, Not } = await import('typeorm')
    const { id } = await old.getRepository(OldAccount).save({ ...values(), token: null })
    expect(await repository().countBy({ id, token: IsNull() })).toBe(1)
    expect(await repository().countBy({ id, password: Not(IsNull()) })).toBe(1)
    expect(await repository().createQueryBuilder('a').where('a.password IS NULL').andWhere({ id }).getCount()).toBe(0)
    expect(await repository().update({ id, token: Not(IsNull()) }, { name: 'n' })).toMatchObject({ affected: 0 })
    expect(await repository().delete({ id, token: IsNull() })).toMatchObject({ affected: 1 })
  })
})
