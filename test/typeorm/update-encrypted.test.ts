import { randomUUID } from 'node:crypto'
import { expect, test } from '@jest/globals'
import { In, Not } from 'typeorm'
import type { EncryptedValue } from '../../src/typeorm/index.js'
import { updateEncrypted } from '../../src/typeorm/index.js'
import { Credential, type OAuthTokens, Token } from './entities.js'
import { expectRefused, failureOf } from './refusal.js'
import { Courier, JournalLine, Listing, Owner, Shop, ShopLogin } from './related-entities.js'
import { newCanary, suite } from './suite.js'

const s = suite([Credential, Token, Shop, Listing, Courier, Owner, ShopLogin, JournalLine])
const tenantId = randomUUID()
const credentials = () => s.dataSource.getRepository(Credential)
const shops = () => s.dataSource.getRepository(Shop)

const full = (text: string) => ({
  tenantId,
  password: text,
  settings: { a: text },
  oauth: { access: text, refresh: 'r' },
  certificate: Buffer.from(text),
  hidden: text,
  endpoint: { secret: text, host: 'h' },
})
const save = (text: string) => credentials().save(full(text) as never) as unknown as Promise<Credential>

async function plaintexts(id: string) {
  const found = await credentials().createQueryBuilder('c').addSelect('c.hidden').where({ id }).getOneOrFail()
  const { password, settings, certificate, hidden, endpoint, oauth } = found
  return {
    password,
    settings,
    hidden,
    secret: endpoint.secret,
    certificate: certificate && Buffer.from(certificate).toString(),
    oauth: await (oauth as EncryptedValue<OAuthTokens>).decrypt(),
  }
}

const all = (text: string) => ({
  password: text,
  settings: { a: text },
  hidden: text,
  secret: text,
  certificate: text,
  oauth: { access: text, refresh: 'r' },
})

s.encrypts('it changes fields of every kind, and leaves the others', async (canary) => {
  const { id } = await save('before')
  const updated = await updateEncrypted(credentials(), id, { password: canary, endpoint: { secret: canary } })
  expect([updated.password, updated.endpoint]).toEqual([canary, { secret: canary, host: 'h' }])
  expect(await plaintexts(id)).toEqual({ ...all('before'), password: canary, secret: canary })
  await updateEncrypted(credentials(), { id }, full(canary) as never)
  expect(await plaintexts(id)).toEqual(all(canary))
})

s.encrypts('it changes a field of select: false and a lazy one, as a whole', async (canary) => {
  const { id } = await save('before')
  await updateEncrypted(credentials(), id, { hidden: canary, oauth: { access: canary } as never })
  expect(await plaintexts(id)).toEqual({ ...all('before'), hidden: canary, oauth: { access: canary } })
})

s.encrypts('it replaces a json or bytes value as a whole', async (canary) => {
  const { id } = await save('before')
  await updateEncrypted(credentials(), id, { settings: { other: canary }, certificate: Buffer.from('c') })
  expect(await plaintexts(id)).toEqual({ ...all('before'), settings: { other: canary }, certificate: 'c' })
})

s.encrypts('it clears fields, and changes other columns alone', async (canary) => {
  const { id } = await save(canary)
  const name = randomUUID()
  const updated = await updateEncrypted(credentials(), id, { password: null, name })
  expect([updated.password, updated.name]).toEqual([null, name])
  expect(await plaintexts(id)).toEqual({ ...all(canary), password: null })
})

s.encrypts('a change of the tenant encrypts every field under a new data key', async (canary) => {
  const saved = await save(canary)
  const tenant = randomUUID()
  const updating = updateEncrypted(credentials(), saved.id, { tenantId: tenant })
  await expect(updating).resolves.toMatchObject({ tenantId: tenant })
  expect((await updating).encryptionMetadata).not.toEqual(saved.encryptionMetadata)
  expect(await plaintexts(saved.id)).toEqual(all(canary))
  await updateEncrypted(credentials(), saved.id, { tenantId, password: `${canary} 2` })
  expect(await plaintexts(saved.id)).toEqual({ ...all(canary), password: `${canary} 2` })
})

s.encrypts('a change of the key encrypts every field for the new one', async (canary) => {
  const saved = await save(canary)
  const id = randomUUID()
  const updated = await updateEncrypted(credentials(), saved.id, { id, name: 'moved', hidden: `${canary} 2` })
  expect([updated.id, updated.name, updated.password]).toEqual([id, 'moved', canary])
  expect(await plaintexts(id)).toEqual({ ...all(canary), hidden: `${canary} 2` })
  expect(await credentials().findOneBy({ id: saved.id })).toBeNull()
})

s.encrypts('a change of key and tenant at once, of a row without a ciphertext too', async (canary) => {
  const saved = await save(canary)
  const [id, tenant] = [randomUUID(), randomUUID()]
  await updateEncrypted(credentials(), saved.id, { id, tenantId: tenant })
  expect(await plaintexts(id)).toEqual(all(canary))
  const empty = await credentials().save({ tenantId })
  const moved = await updateEncrypted(credentials(), empty.id, { id: randomUUID(), tenantId: tenant })
  expect(moved.encryptionMetadata).toEqual({})
  await credentials().save({ id: moved.id, password: canary })
  expect((await credentials().findOneByOrFail({ id: moved.id })).password).toBe(canary)
})

s.encrypts('the changes that were passed keep their plaintext', async (canary) => {
  const { id } = await save('before')
  const changes = {
    id: randomUUID(),
    password: canary,
    oauth: { access: canary },
    endpoint: { secret: canary, host: null },
  }
  await updateEncrypted(credentials(), id, changes as never)
  expect(changes).toMatchObject({
    password: canary,
    oauth: { access: canary },
    endpoint: { secret: canary, host: null },
  })
  expect((await plaintexts(changes.id)).secret).toBe(canary)
})

s.encrypts('children follow a changed key by ON UPDATE CASCADE', async (canary) => {
  const shop = await shops().save({
    apiKey: canary,
    listings: [{ uploadToken: canary }],
    couriers: [{ password: canary }],
  } as Shop)
  const id = randomUUID()
  await updateEncrypted(shops(), shop.id, { id })
  const moved = await shops().findOneOrFail({ where: { id }, relations: { listings: true, couriers: true } })
  expect([moved.apiKey, moved.listings[0]?.uploadToken, moved.couriers[0]?.password]).toEqual([canary, canary, canary])
})

test('a child that is bound to the changed key stops the change, and nothing moves', async () => {
  const canary = newCanary()
  const shop = await shops().save({ apiKey: canary } as Shop)
  await s.dataSource.manager.save(ShopLogin, { shopId: shop.id, slot: 1, password: canary } as ShopLogin)
  const move = () => updateEncrypted(shops(), shop.id, { id: randomUUID() })
  expect(await failureOf(move)).toMatchObject({
    code: 'ERR_INVALID_ENVELOPE',
    message: expect.stringContaining('WX003'),
  })
  expect((await shops().findOneByOrFail({ id: shop.id })).apiKey).toBe(canary)
})

test('a key that another row has is a unique violation, and nothing moves', async () => {
  const canary = newCanary()
  const [one, other] = [await save(canary), await save('other')]
  const changes = { id: other.id, password: `${canary} 2` }
  expect(await failureOf(() => updateEncrypted(credentials(), one.id, changes))).toMatchObject({ code: '23505' })
  expect(changes.password).toBe(`${canary} 2`)
  expect((await plaintexts(one.id)).password).toBe(canary)
  expect((await plaintexts(other.id)).password).toBe('other')
})

test('a row that is not there is not found', async () => {
  const canary = newCanary()
  const error = await failureOf(() => updateEncrypted(credentials(), randomUUID(), { password: canary }))
  expect(error.name).toBe('EntityNotFoundError')
  expect(JSON.stringify(error) + error.stack).not.toContain(canary)
})

test('a part of a key, none, or a row without protection is refused', async () => {
  const canary = newCanary()
  const logins = s.dataSource.getRepository(ShopLogin)
  for (const key of [randomUUID(), { slot: 1 }, {}] as never[]) {
    await expectRefused(s, canary, () => updateEncrypted(logins, key, { password: canary }))
  }
  const lines = s.dataSource.getRepository(JournalLine)
  await expectRefused(s, canary, () => updateEncrypted(lines, 1, { text: canary }))
})

test('an operator in the place of a key, which could find several rows, is refused', async () => {
  const canary = newCanary()
  const [one, two] = [await save('one'), await save('two')]
  for (const key of [{ id: In([one.id, two.id]) }, { id: Not(one.id) }, In([one.id]), undefined] as never[]) {
    await expectRefused(s, canary, () => updateEncrypted(credentials(), key, { password: canary }))
  }
})

test('values that cannot be encrypted are refused, and the row stays', async () => {
  const canary = newCanary()
  const { id } = await save('before')
  const other = await credentials().findOneByOrFail({ id: (await save(canary)).id })
  for (const changes of [
    { password: (() => `'${canary}'`) as never },
    { password: { canary } as never },
    { password: `${canary}\ud800` },
    { oauth: other.oauth },
    { id: randomUUID(), oauth: other.oauth },
    { id: randomUUID(), password: (() => `'${canary}'`) as never },
  ]) {
    await expectRefused(s, canary, () => updateEncrypted(credentials(), id, changes as never))
  }
  expect(await plaintexts(id)).toEqual(all('before'))
})

s.encrypts("it joins the repository's transaction, and goes with it", async (canary) => {
  const { id } = await save('before')
  const moved = randomUUID()
  const attempt = s.dataSource.transaction(async (manager) => {
    await updateEncrypted(manager.getRepository(Credential), id, { password: canary })
    await updateEncrypted(manager.getRepository(Credential), id, { id: moved })
    expect((await manager.findOneByOrFail(Credential, { id: moved })).password).toBe(canary)
    throw new Error('roll back')
  })
  await expect(attempt).rejects.toThrow('roll back')
  expect(await plaintexts(id)).toEqual(all('before'))
})

s.encrypts('many at once on one row all succeed, one after the other', async (canary) => {
  const { id } = await save('before')
  const fields = ['password', 'hidden', 'settings', 'tenantId'] as const
  const changes = { password: canary, hidden: canary, settings: { a: canary }, tenantId: randomUUID() }
  await Promise.all(fields.map((field) => updateEncrypted(credentials(), id, { [field]: changes[field] })))
  expect(await plaintexts(id)).toEqual({ ...all('before'), password: canary, hidden: canary, settings: { a: canary } })
})

s.encrypts('a soft-deleted row is changed and stays deleted', async (canary) => {
  const { id } = await save('before')
  await credentials().softDelete({ id })
  const updated = await updateEncrypted(credentials(), id, { password: canary })
  expect(updated.deletedAt).not.toBeNull()
  await credentials().restore({ id })
  expect((await plaintexts(id)).password).toBe(canary)
})
