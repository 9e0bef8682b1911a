import { randomUUID } from 'node:crypto'
import { expect, test } from '@jest/globals'
import type { DeepPartial } from 'typeorm'
import { EncryptedValue, StoredEnvelope } from '../../src/typeorm/index.js'
import { expectTrace } from '../setup/database.js'
import { Credential, type OAuthTokens, Token } from './entities.js'
import { newCanary, suite } from './suite.js'

const s = suite([Credential, Token])
const tenantId = randomUUID()
const credentials = () => s.dataSource.getRepository(Credential)
const reread = (id: string) => credentials().findOneByOrFail({ id })

/** A value for each field; `text` stands in all of them. */
function everyField(text: string): DeepPartial<Credential> & { oauth: OAuthTokens } {
  return {
    tenantId,
    password: text,
    settings: { nested: { list: [1, text, null] } },
    oauth: { access: text, scopes: [text] },
    certificate: Buffer.from(text),
    hidden: text,
    endpoint: { secret: text, host: 'h' },
  }
}

function envelopeId({ encryptionMetadata }: Credential): string {
  return (encryptionMetadata as unknown as { id: string }).id
}

async function expectEveryField(id: string, text: string): Promise<void> {
  const query = credentials().createQueryBuilder('credential').addSelect('credential.hidden').where({ id })
  const found = await query.getOneOrFail()
  expect(found.password).toBe(text)
  expect(found.settings).toEqual({ nested: { list: [1, text, null] } })
  expect(await (found.oauth as EncryptedValue<OAuthTokens>).decrypt()).toEqual({ access: text, scopes: [text] })
  expect(Buffer.from(found.certificate as Uint8Array).toString()).toBe(text)
  expect(found.hidden).toBe(text)
  expect(found.endpoint).toEqual({ secret: text, host: 'h' })
}

test('the search finds a canary that is not encrypted', async () => {
  const canary = newCanary()
  await credentials().save({ tenantId, name: canary })
  await expectTrace(s.database.client, canary)
  expect(s.log.text).toContain(canary)
})

s.encrypts('save() of a new entity encrypts every field and leaves plaintext in memory', async (canary) => {
  const saved = await credentials().save(credentials().create(everyField(canary)))
  expect(saved.password).toBe(canary)
  expect(saved.settings).toEqual({ nested: { list: [1, canary, null] } })
  expect(saved.endpoint.secret).toBe(canary)
  expect(await (saved.oauth as EncryptedValue<OAuthTokens>).decrypt()).toEqual({ access: canary, scopes: [canary] })
  expect(saved.encryptionMetadata).toBeInstanceOf(StoredEnvelope)
  await expectEveryField(saved.id, canary)
})

s.encrypts('save() of a plain object encrypts every field', async (canary) => {
  const saved = await credentials().save(everyField(canary))
  expect(saved.password).toBe(canary)
  await expectEveryField(saved.id as string, canary)
})

s.encrypts('the manager saves a plain object by its target', async (canary) => {
  const saved = await s.dataSource.manager.save(Credential, everyField(canary))
  await expectEveryField(saved.id as string, canary)
})

s.encrypts('save() of a changed entity encrypts what changed', async (canary) => {
  const { id } = await credentials().save(everyField('before'))
  const found = await reread(id as string)
  Object.assign(found, everyField(canary))
  await credentials().save(found)
  expect(found.password).toBe(canary)
  await expectEveryField(found.id, canary)
})

s.encrypts('save() of a part of an entity encrypts it under the data key of the rest', async (canary) => {
  const saved = await credentials().save(everyField(canary))
  await credentials().save({ id: saved.id as string, password: `${canary} again` })
  const found = await reread(saved.id as string)
  expect(found.password).toBe(`${canary} again`)
  expect(found.endpoint.secret).toBe(canary)
  expect(found.encryptionMetadata).toEqual(saved.encryptionMetadata)
})

s.encrypts('save() of an array of new and changed entities encrypts all of them', async (canary) => {
  const existing = await credentials().save(everyField('before'))
  const saved = await credentials().save([
    credentials().create(everyField(canary)),
    { ...everyField(canary), id: existing.id as string },
    { tenantId },
  ] as Credential[])
  await expectEveryField(saved[0]!.id, canary)
  await expectEveryField(saved[1]!.id, canary)
  expect((await reread(saved[2]!.id)).password).toBeNull()
})

s.encrypts('save() in chunks encrypts every chunk', async (canary) => {
  const saved = await credentials().save([1, 2, 3, 4, 5].map(() => everyField(canary)) as Credential[], { chunk: 2 })
  for (const { id } of saved) await expectEveryField(id, canary)
})

for (const options of [{ transaction: false }, { reload: false }, { transaction: false, reload: false }]) {
  s.encrypts(`save() with ${JSON.stringify(options)} encrypts inserts and updates`, async (canary) => {
    const saved = await credentials().save(credentials().create(everyField(canary)), options)
    await expectEveryField(saved.id, canary)
    saved.password = `${canary} again`
    await credentials().save(saved, options)
    expect((await reread(saved.id)).password).toBe(`${canary} again`)
    expect(saved.password).toBe(`${canary} again`)
  })
}

s.encrypts("insert() encrypts, and the caller's object keeps its plaintext", async (canary) => {
  const values = everyField(canary) as DeepPartial<Credential> & { id: string }
  await credentials().insert(values as never)
  expect(values.password).toBe(canary)
  expect(values.endpoint).toMatchObject({ secret: canary, host: 'h' })
  await expectEveryField(values.id, canary)
})

s.encrypts('insert() of several rows encrypts each under a data key of its own', async (canary) => {
  const rows = [everyField(canary), everyField(canary), { tenantId }] as Credential[]
  await credentials().insert(rows as never)
  expect(rows.map(({ password }) => password)).toEqual([canary, canary, undefined])
  const envelopes = new Set<string>()
  for (const { id } of rows.slice(0, 2)) {
    await expectEveryField(id, canary)
    envelopes.add(envelopeId(await reread(id)))
  }
  expect(envelopes.size).toBe(2)
  expect((await reread(rows[2]!.id)).encryptionMetadata).toEqual({})
})

s.encrypts('a query builder insert encrypts', async (canary) => {
  const values = everyField(canary) as Credential
  await s.dataSource
    .createQueryBuilder()
    .insert()
    .into(Credential)
    .values(values as never)
    .execute()
  expect(values.password).toBe(canary)
  await expectEveryField(values.id, canary)
})

s.encrypts("returning('*') leaves no ciphertext in the caller's object", async (canary) => {
  const values = everyField(canary) as Credential
  const insert = s.dataSource
    .createQueryBuilder()
    .insert()
    .into(Credential)
    .values(values as never)
  const result = await insert.returning('*').execute()
  expect(values.password).toBe(canary)
  expect(values.settings).toEqual({ nested: { list: [1, canary, null] } })
  expect(values.hidden).toBe(canary)
  expect(Buffer.from(values.certificate as Uint8Array).toString()).toBe(canary)
  expect(values.endpoint.secret).toBe(canary)
  expect(await (values.oauth as EncryptedValue).decrypt()).toEqual({ access: canary, scopes: [canary] })
  expect(values.encryptionMetadata).toBeInstanceOf(StoredEnvelope)
  expect(result.raw[0].password).toMatch(/^ws1:/)
  await expectEveryField(values.id, canary)
})

s.encrypts('orIgnore() inserts the new row and leaves the existing one as it was', async (canary) => {
  const name = randomUUID()
  const existing = await credentials().save({ tenantId, name, password: `${canary} old` })
  const insert = (value: object) =>
    s.dataSource.createQueryBuilder().insert().into(Credential).values(value).orIgnore().execute()
  const ignored = { tenantId, name, password: `${canary} new` }
  await insert(ignored)
  expect(ignored.password).toBe(`${canary} new`)
  expect((await reread(existing.id)).password).toBe(`${canary} old`)
  const inserted = { tenantId, name: randomUUID(), password: canary } as Credential
  await insert(inserted)
  expect((await reread(inserted.id)).password).toBe(canary)
})

s.encrypts('orIgnore() of several rows, the first of which exists, stores the others readable', async (canary) => {
  const name = randomUUID()
  await credentials().save({ tenantId, name, password: `${canary} old` })
  const rows = [
    { tenantId, name, password: `${canary} new` },
    { tenantId, name: randomUUID(), password: canary },
  ]
  await s.dataSource.createQueryBuilder().insert().into(Credential).values(rows).orIgnore().execute()
  expect((await credentials().findOneByOrFail({ name: rows[1]!.name })).password).toBe(canary)
  expect((await credentials().findOneByOrFail({ name })).password).toBe(`${canary} old`)
})

s.encrypts('a field set to null is cleared, and the row reads on', async (canary) => {
  const { id } = await credentials().save(everyField(canary))
  const found = await reread(id as string)
  found.password = null
  found.endpoint.secret = null
  await credentials().save(found)
  const again = await reread(found.id)
  expect(again.password).toBeNull()
  expect(again.endpoint.secret).toBeNull()
  expect(again.settings).toEqual({ nested: { list: [1, canary, null] } })
})

s.encrypts('a field that is set while another may hold a ciphertext keeps the data key', async (canary) => {
  const saved = await credentials().save({ tenantId, password: canary })
  await credentials().save({ id: saved.id, password: null })
  expect((await reread(saved.id)).password).toBeNull()
  await credentials().save({ id: saved.id, settings: { a: canary } })
  const found = await reread(saved.id)
  expect(found.settings).toEqual({ a: canary })
  // "hidden" is not loaded: for all that save() knows, its ciphertext stays.
  expect(envelopeId(found)).toBe(envelopeId(saved))
})

s.encrypts('a field of select: false is written, kept by saves that do not load it, and changed', async (canary) => {
  const { id } = await credentials().save({ tenantId, hidden: canary, password: 'p' })
  const found = await reread(id)
  expect(found.hidden).toBeUndefined()
  for (const password of ['q', 'r', 's']) {
    found.password = password
    await credentials().save(found)
  }
  const hidden = async () =>
    (await credentials().createQueryBuilder('c').addSelect('c.hidden').where({ id }).getOneOrFail()).hidden
  expect(await hidden()).toBe(canary)
  found.hidden = `${canary} again`
  await credentials().save(found)
  expect(found.hidden).toBe(`${canary} again`)
  expect(await hidden()).toBe(`${canary} again`)
})

s.encrypts('softRemove, recover, softDelete, restore and remove neither lose nor show a field', async (canary) => {
  const saved = await credentials().save({ tenantId, password: canary, oauth: { access: canary } })
  const entity = await reread(saved.id)
  await credentials().softRemove(entity)
  expect(await credentials().findOneBy({ id: saved.id })).toBeNull()
  await credentials().recover(entity)
  expect((await reread(saved.id)).password).toBe(canary)
  await credentials().softDelete({ id: saved.id })
  await credentials().restore({ id: saved.id })
  const restored = await reread(saved.id)
  expect(restored.password).toBe(canary)
  await credentials().remove(restored)
  expect(restored.password).toBe(canary)
  expect(await credentials().findOneBy({ id: saved.id })).toBeNull()
})

s.encrypts('create(), merge() and preload() take plain values and EncryptedValues', async (canary) => {
  const created = credentials().create({ tenantId, oauth: EncryptedValue.of({ access: canary }) as never })
  expect(created.oauth).toBeInstanceOf(EncryptedValue)
  const { id } = await credentials().save(created)
  const merged = credentials().merge(await reread(id), { oauth: EncryptedValue.of({ access: `${canary} 2` }) as never })
  await credentials().save(merged)
  expect(await ((await reread(id)).oauth as EncryptedValue).decrypt()).toEqual({ access: `${canary} 2` })
  const preloaded = await credentials().preload({ id, password: canary })
  expect(preloaded?.password).toBe(canary)
  await credentials().save(preloaded as Credential)
  const found = await reread(id)
  expect(found.password).toBe(canary)
  expect(await (found.oauth as EncryptedValue).decrypt()).toEqual({ access: `${canary} 2` })
})

s.encrypts('merge() of a plain value into a loaded lazy field encrypts the value', async (canary) => {
  const { id } = await credentials().save({ tenantId, oauth: { access: 'before', refresh: 'kept' } })
  const merged = credentials().merge(await reread(id), { oauth: { access: canary } as never })
  await credentials().save(merged)
  expect(await ((await reread(id)).oauth as EncryptedValue).decrypt()).toMatchObject({ access: canary })
})

s.encrypts('an EncryptedValue of a plaintext is accepted by a transparent field', async (canary) => {
  const saved = await credentials().save({ tenantId, password: EncryptedValue.of(canary) as never })
  expect((await reread(saved.id)).password).toBe(canary)
})

s.encrypts('a json value changed in place is encrypted', async (canary) => {
  const { id } = await credentials().save({ tenantId, settings: { list: ['a'] } })
  const found = await reread(id)
  ;(found.settings as { list: string[] }).list.push(canary)
  await credentials().save(found)
  expect((await reread(id)).settings).toEqual({ list: ['a', canary] })
})

s.encrypts('bytes changed in place are encrypted', async (canary) => {
  const { id } = await credentials().save({ tenantId, certificate: Buffer.from(canary) })
  const found = await reread(id)
  found.certificate![0] = 0x43
  await credentials().save(found)
  expect(Buffer.from((await reread(id)).certificate!).toString()).toBe(`C${canary.slice(1)}`)
})

for (const [name, value] of [
  ['an empty string', ''],
  ['Unicode beyond the basic plane', '🔑 пароль \u0000 𝔘𝔫𝔦'],
  ['a byte order mark', '\ufeffsecret'],
  ['64 KiB', 'é'.repeat(32_768)],
  ['a string that looks like a ciphertext', `ws1:${'A'.repeat(43)}:${'A'.repeat(40)}`],
] as const) {
  s.encrypts(`${name} comes back as it was`, async (canary) => {
    const password = value === '' ? '' : `${value}${canary}`
    const saved = await credentials().save({ tenantId, password, certificate: Buffer.from(password) })
    const found = await reread(saved.id)
    expect(found.password).toBe(password)
    expect(Buffer.from(found.certificate!).toString()).toBe(password)
  })
}

s.encrypts('any bytes come back as they were', async () => {
  const certificate = Uint8Array.from({ length: 256 }, (_, index) => index)
  const saved = await credentials().save({ tenantId, certificate })
  expect(Uint8Array.from((await reread(saved.id)).certificate!)).toEqual(certificate)
  const empty = await credentials().save({ tenantId, certificate: new Uint8Array(0) })
  expect((await reread(empty.id)).certificate).toHaveLength(0)
})

test('every json value comes back as it was', async () => {
  for (const settings of [{}, [], 'text', 0, false, { a: null }, [[]], { ключ: [1.5, { deep: true }] }]) {
    const saved = await credentials().save({ tenantId, settings: settings as never })
    expect((await reread(saved.id)).settings).toEqual(settings)
  }
})
