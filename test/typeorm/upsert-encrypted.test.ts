import { randomUUID } from 'node:crypto'
import { expect, test } from '@jest/globals'
import { Not } from 'typeorm'
import type { EncryptedValue } from '../../src/typeorm/index.js'
import { upsertEncrypted } from '../../src/typeorm/index.js'
import { Credential, Token } from './entities.js'
import { SlotSecret } from './keyed-entities.js'
import { expectRefused, failureOf } from './refusal.js'
import { JournalLine } from './related-entities.js'
import { newCanary, suite } from './suite.js'

const s = suite([Credential, Token, SlotSecret, JournalLine])
const tenantId = randomUUID()
const credentials = () => s.dataSource.getRepository(Credential)
const byName = (name: string) => credentials().findOneByOrFail({ name })

s.encrypts('it inserts a row that is not there', async (canary) => {
  const name = randomUUID()
  const values = { tenantId, name, password: canary, oauth: { access: canary } }
  const inserted = await upsertEncrypted(credentials(), values as never, ['name'])
  expect([inserted.password, inserted.name]).toEqual([canary, name])
  expect(values).toEqual({ tenantId, name, password: canary, oauth: { access: canary } })
  const found = await byName(name)
  expect([found.id, found.password]).toEqual([inserted.id, canary])
  expect(await (found.oauth as EncryptedValue).decrypt()).toEqual({ access: canary })
})

s.encrypts('it changes a row that is there, and leaves what the values do not name', async (canary) => {
  const name = randomUUID()
  const existing = await credentials().save({ tenantId, name, password: 'before', settings: { kept: canary } })
  const updated = await upsertEncrypted(credentials(), { tenantId, name, password: canary }, ['name'])
  expect(updated.id).toBe(existing.id)
  const found = await byName(name)
  expect([found.password, found.settings]).toEqual([canary, { kept: canary }])
})

s.encrypts('it moves a row to another tenant', async (canary) => {
  const name = randomUUID()
  await upsertEncrypted(credentials(), { tenantId, name, password: canary, hidden: canary }, ['name'])
  const tenant = randomUUID()
  await upsertEncrypted(credentials(), { tenantId: tenant, name }, ['name'])
  const found = await credentials().createQueryBuilder('c').addSelect('c.hidden').where({ name }).getOneOrFail()
  expect([found.tenantId, found.password, found.hidden]).toEqual([tenant, canary, canary])
})

s.encrypts('several conflict paths name one row, a composite key as well', async (canary) => {
  const slots = s.dataSource.getRepository(SlotSecret)
  const orgId = randomUUID()
  for (const secret of ['before', canary]) await upsertEncrypted(slots, { orgId, slot: 3, secret }, ['orgId', 'slot'])
  await upsertEncrypted(slots, { orgId, slot: 4, secret: 'other' }, ['orgId', 'slot'])
  expect((await slots.findOneByOrFail({ orgId, slot: 3 })).secret).toBe(canary)
  expect(await slots.countBy({ orgId })).toBe(2)
})

s.encrypts('two at once of a new row leave one row, with the values of one', async (canary) => {
  for (let round = 1; round <= 5; round++) {
    const name = randomUUID()
    const upsert = (password: string) => upsertEncrypted(credentials(), { tenantId, name, password }, ['name'])
    const results = await Promise.all([upsert(`${canary} 1`), upsert(`${canary} 2`), upsert(`${canary} 3`)])
    expect(new Set(results.map(({ id }) => id)).size).toBe(1)
    expect(await credentials().countBy({ name })).toBe(1)
    expect((await byName(name)).password).toMatch(new RegExp(`^${canary} [123]$`))
  }
})

s.encrypts('two at once of a new row whose key is given leave one row', async (canary) => {
  const slots = s.dataSource.getRepository(SlotSecret)
  for (let round = 1; round <= 5; round++) {
    const [id, name, orgId] = [randomUUID(), randomUUID(), randomUUID()]
    const byKey = () => upsertEncrypted(slots, { orgId, slot: 1, secret: canary }, ['orgId', 'slot'])
    const named = () => upsertEncrypted(credentials(), { id, tenantId, name, password: canary }, ['name'])
    await Promise.all([byKey(), named(), byKey(), named()])
    expect((await slots.findOneByOrFail({ orgId, slot: 1 })).secret).toBe(canary)
    expect((await byName(name)).password).toBe(canary)
  }
})

s.encrypts("it joins the repository's transaction, and goes with it", async (canary) => {
  const [existing, added] = [randomUUID(), randomUUID()]
  await upsertEncrypted(credentials(), { tenantId, name: existing, password: 'before' }, ['name'])
  const attempt = s.dataSource.transaction(async (manager) => {
    const repository = manager.getRepository(Credential)
    for (const name of [existing, added])
      await upsertEncrypted(repository, { tenantId, name, password: canary }, ['name'])
    expect((await repository.findOneByOrFail({ name: added })).password).toBe(canary)
    throw new Error('roll back')
  })
  await expect(attempt).rejects.toThrow('roll back')
  expect((await byName(existing)).password).toBe('before')
  expect(await credentials().countBy({ name: added })).toBe(0)
})

test('the key of another row is refused, and the transaction goes on', async () => {
  const [name, other] = [randomUUID(), randomUUID()]
  const existing = await credentials().save({ tenantId, name, password: 'kept' })
  await s.dataSource.transaction(async (manager) => {
    const repository = manager.getRepository(Credential)
    const values = { id: existing.id, tenantId, name: other, password: newCanary() }
    expect(await failureOf(() => upsertEncrypted(repository, values, ['name']))).toMatchObject({
      code: 'ERR_PLAINTEXT_REFUSED',
    })
    expect(await repository.countBy({ name: other })).toBe(0)
  })
  expect((await byName(name)).password).toBe('kept')
})

test('a violation of another constraint is reported, and the transaction goes on', async () => {
  const name = randomUUID()
  await credentials().save({ tenantId, name })
  await s.dataSource.transaction(async (manager) => {
    const repository = manager.getRepository(Credential)
    const values = { id: randomUUID(), tenantId, name, password: newCanary() }
    expect(await failureOf(() => upsertEncrypted(repository, values, ['id']))).toMatchObject({ code: '23505' })
    expect(await repository.countBy({ name })).toBe(1)
  })
})

test('a soft-deleted row is the row', async () => {
  const name = randomUUID()
  const { id } = await credentials().save({ tenantId, name })
  await credentials().softDelete({ id })
  expect((await upsertEncrypted(credentials(), { tenantId, name, password: 'p' }, ['name'])).id).toBe(id)
})

test('an operator in the place of a value is refused', async () => {
  const canary = newCanary()
  const values = { tenantId, name: Not(randomUUID()) as never, password: canary }
  await expectRefused(s, canary, () => upsertEncrypted(credentials(), values, ['name']))
})

test('conflict paths that cannot name a row are refused', async () => {
  const canary = newCanary()
  const values = { tenantId, name: canary.slice(0, 8), password: canary, hidden: null }
  for (const paths of [
    [],
    ['password'],
    ['hidden'],
    ['settings'],
    ['nothing'],
    ['name', 'password'],
    ['encryptionMetadata'],
  ]) {
    await expectRefused(s, canary, () => upsertEncrypted(credentials(), values, paths))
  }
  const error = await failureOf(() => upsertEncrypted(credentials(), values, ['password']))
  expect(error.message).toContain('"password" is not')
  const expression = (() => `'${canary}'`) as never
  await expectRefused(s, canary, () => upsertEncrypted(credentials(), { tenantId, name: expression }, ['name']))
  await expectRefused(s, canary, () =>
    upsertEncrypted(credentials(), { tenantId, name: 'n', password: expression }, ['name']),
  )
  const lines = s.dataSource.getRepository(JournalLine)
  await expectRefused(s, canary, () => upsertEncrypted(lines, { id: 1, text: canary }, ['id']))
})
