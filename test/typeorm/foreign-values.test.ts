import { randomUUID } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import { decryptAll, EncryptedValue, StoredEnvelope } from '../../src/typeorm/index.js'
import { isWritable } from '../../src/typeorm/stored-envelope.js'
import { Credential, Token } from './entities.js'
import { expectRefused, failureOf } from './refusal.js'
import { newCanary, suite } from './suite.js'

const s = suite([Credential, Token])
const tenantId = randomUUID()
const credentials = () => s.dataSource.getRepository(Credential)
const reread = (id: string) => credentials().findOneByOrFail({ id })
const newRow = (canary: string) =>
  credentials().save({ tenantId, password: canary, oauth: { access: canary }, name: randomUUID() })

/** The row without our hooks, as a mapped join gives it. */
const withoutHooks = (id: string) =>
  credentials().createQueryBuilder('c').where({ id }).callListeners(false).getOneOrFail()

test('a lazy value of another row is refused', async () => {
  const canary = newCanary()
  const [from, to] = [await reread((await newRow(canary)).id), await newRow('other')]
  const oauth = from.oauth as EncryptedValue
  await expectRefused(s, canary, () => credentials().save({ id: to.id, oauth: oauth as never }))
  await expectRefused(s, canary, () => credentials().save({ tenantId, oauth: oauth as never }))
  await expectRefused(s, canary, () => credentials().insert({ tenantId, oauth: oauth as never }))
  await credentials().save({ id: to.id, oauth: (await oauth.decrypt()) as never })
  expect(await ((await reread(to.id)).oauth as EncryptedValue).decrypt()).toEqual({ access: canary })
})

test('a value that was loaded without hooks is refused in another row', async () => {
  const canary = newCanary()
  const from = await withoutHooks((await newRow(canary)).id)
  const to = await newRow('other')
  expect(from.password).toBeInstanceOf(EncryptedValue)
  await expectRefused(s, canary, () => credentials().save({ id: to.id, password: from.password }))
  await expectRefused(s, canary, () => credentials().insert({ tenantId, password: from.password }))
})

test('an entity that went through JSON does not put what a lazy field prints as in the place of its value', async () => {
  const { id } = await newRow('before')
  const json = JSON.parse(JSON.stringify(await reread(id))) as Credential
  expect(json.oauth).toBe('[encrypted]')
  for (const run of [
    () => credentials().save({ ...json, name: randomUUID() }),
    () => credentials().save({ ...json, oauth: undefined as never, password: '[encrypted]' }),
    () => credentials().insert({ tenantId, oauth: json.oauth }),
  ]) {
    expect(await failureOf(run)).toMatchObject({ code: 'ERR_PLAINTEXT_REFUSED' })
  }
  await credentials().save({ ...json, oauth: undefined as never, name: randomUUID() })
  expect(await ((await reread(id)).oauth as EncryptedValue).decrypt()).toEqual({ access: 'before' })
})

test('an entity that was loaded without hooks is saved once decryptAll() has read it', async () => {
  const canary = newCanary()
  const { id } = await newRow(canary)
  const entity = await withoutHooks(id)
  entity.name = randomUUID()
  expect(await failureOf(() => credentials().save(entity))).toMatchObject({ code: 'ERR_PLAINTEXT_REFUSED' })
  await decryptAll(credentials(), [entity])
  await credentials().save(entity)
  const found = await reread(id)
  expect([found.password, found.name]).toEqual([canary, entity.name])
})

test('a value of another row that update() or a query builder is given stays out of the table', async () => {
  const canary = newCanary()
  const from = await withoutHooks((await newRow(canary)).id)
  const to = await newRow('kept')
  const refused = () => credentials().update(to.id, { password: from.password })
  expect(await failureOf(refused)).toMatchObject({ code: 'ERR_PLAINTEXT_REFUSED' })
  // The transformer lets a ciphertext pass, and the guard sees that it is not this row's.
  const guarded = () =>
    s.dataSource
      .createQueryBuilder()
      .update(Credential)
      .set({ password: from.password })
      .where({ id: to.id })
      .callListeners(false)
      .execute()
  expect(await failureOf(guarded)).toMatchObject({
    code: 'ERR_ENVELOPE_CHANGED',
    message: expect.stringMatching('WX002'),
  })
  expect((await reread(to.id)).password).toBe('kept')
})

test('a field of the same row may be given the value of another', async () => {
  const canary = newCanary()
  const { id } = await newRow(canary)
  const found = await reread(id)
  found.settings = found.oauth as never
  await credentials().save(found)
  expect((await reread(id)).settings).toEqual({ access: canary })
})

test('metadata that an application sets in save() is ignored', async () => {
  const canary = newCanary()
  const [one, other] = [await newRow(canary), await newRow('other')]
  const before = (await reread(one.id)).encryptionMetadata
  for (const encryptionMetadata of [{}, other.encryptionMetadata, { format: 1 }, 'text', null]) {
    const named = credentials().save({
      id: one.id,
      encryptionMetadata: encryptionMetadata as never,
      name: randomUUID(),
    })
    await expect(named).resolves.toBeDefined()
    await credentials().save({ id: one.id, encryptionMetadata: encryptionMetadata as never, password: canary })
    const found = await reread(one.id)
    expect([found.password, found.encryptionMetadata]).toEqual([canary, before])
  }
})

test('metadata that an application sets in an insert is ignored', async () => {
  const canary = newCanary()
  const { encryptionMetadata } = await newRow('other')
  for (const values of [{ password: canary }, {}]) {
    const inserted = { tenantId, ...values, encryptionMetadata } as Credential
    await expect(credentials().insert(inserted as never)).resolves.toBeDefined()
    const saved = await credentials().save({ tenantId, ...values, encryptionMetadata })
    for (const { id } of [saved, inserted]) expect((await reread(id)).password ?? undefined).toBe(values.password)
  }
})

test('metadata cannot be set by update(), a query builder or an SQL expression, and not searched for', async () => {
  const canary = newCanary()
  const [one, { encryptionMetadata }] = [await newRow(canary), await newRow('other')]
  const builder = (values: object) =>
    s.dataSource.createQueryBuilder().update(Credential).set(values).where({ id: one.id })
  const expression = (() => `'{}'::jsonb`) as never
  const attempts = {
    update: () => credentials().update(one.id, { encryptionMetadata }),
    'update to {}': () => credentials().update(one.id, { encryptionMetadata: {} }),
    'update by an expression': () => credentials().update(one.id, { encryptionMetadata: expression }),
    'query builder': () => builder({ encryptionMetadata }).execute(),
    'query builder without listeners': () => builder({ encryptionMetadata }).callListeners(false).execute(),
    upsert: () => credentials().upsert({ tenantId, name: one.name!, password: 'x', encryptionMetadata }, ['name']),
    'insert without listeners': () =>
      s.dataSource
        .createQueryBuilder()
        .insert()
        .into(Credential)
        .values({ tenantId, encryptionMetadata })
        .callListeners(false)
        .execute(),
    'a condition': () => credentials().findBy({ encryptionMetadata: encryptionMetadata as never }),
  }
  for (const [name, attempt] of Object.entries(attempts)) {
    const error = await failureOf(attempt)
    expect([name, error.code]).toEqual([name, 'ERR_PLAINTEXT_REFUSED'])
  }
  expect((await reread(one.id)).password).toBe(canary)
})

test('a forged StoredEnvelope is not serialised', async () => {
  const { id } = await newRow('kept')
  const forged = Object.assign(new StoredEnvelope(), { format: 1 })
  for (const envelope of [forged, new StoredEnvelope(), Object.create(StoredEnvelope.prototype)]) {
    const save = () => credentials().save({ id, encryptionMetadata: envelope }, { listeners: false })
    expect(await failureOf(save)).toMatchObject({ code: 'ERR_PLAINTEXT_REFUSED' })
  }
})

test('metadata that was marked for one write is not serialised in another', async () => {
  const marked: StoredEnvelope[] = []
  const witness = {
    async beforeInsert({ entity }: { entity: Credential }) {
      while (!isWritable(entity.encryptionMetadata)) await setImmediate()
      marked.push(entity.encryptionMetadata)
    },
  }
  const { subscribers } = s.dataSource
  subscribers.push(witness)
  await newRow('one').finally(() => subscribers.splice(subscribers.indexOf(witness), 1))
  const { id } = await newRow('other')
  const [encryptionMetadata] = marked as [StoredEnvelope]
  const save = () => credentials().save({ id, encryptionMetadata }, { listeners: false })
  expect(await failureOf(save)).toMatchObject({ code: 'ERR_PLAINTEXT_REFUSED' })
})

test('a json value with the members of an EncryptedValue is a value like any other', async () => {
  const value = { decrypt: newCanary(), stored: 'x', plaintext: { value: 'x' } }
  const saved = credentials().save({ tenantId, settings: value as never })
  await expect(saved).resolves.toMatchObject({ settings: value })
  expect((await reread((await saved).id)).settings).toEqual(value)
})

test('a forged EncryptedValue is a value like any other', async () => {
  const canary = newCanary()
  const forged = Object.assign(Object.create(EncryptedValue.prototype), {
    stored: canary,
    plaintext: { value: canary },
  })
  await expectRefused(s, canary, () => credentials().save({ tenantId, password: forged }))
  await expectRefused(s, canary, () => credentials().save({ tenantId, password: forged }, { listeners: false }))
})

/** Saves as if the metadata column were an ordinary one. */
async function withoutMetadataTransformer(target: typeof Credential | typeof Token, run: () => Promise<void>) {
  const column = s.dataSource.getMetadata(target).findColumnWithPropertyName('encryptionMetadata')
  const { transformer } = column as { transformer: unknown }
  Object.assign(column as object, { transformer: undefined })
  try {
    await run()
  } finally {
    Object.assign(column as object, { transformer })
  }
}

test('a stale entity saved without listeners after a rewrap is refused, and by the guard too', async () => {
  const { id } = await newRow(newCanary())
  const stale = await reread(id)
  await s.database.client.query(
    `update credential set encryption_metadata = jsonb_set(encryption_metadata, '{wrap}', '2') where id = $1`,
    [id],
  )
  stale.name = randomUUID()
  stale.oauth = (await withoutHooks(id)).oauth
  const save = () => credentials().save(stale, { listeners: false })
  expect(await failureOf(save)).toMatchObject({ code: 'ERR_PLAINTEXT_REFUSED' })
  await withoutMetadataTransformer(Credential, async () => {
    expect(await failureOf(save)).toMatchObject({
      code: 'ERR_ENVELOPE_CHANGED',
      message: expect.stringContaining('WX004'),
    })
  })
  expect((await reread(id)).encryptionMetadata).toMatchObject({ wrap: 2 })
})

test('a stale entity saved without listeners after a new data key is refused, and by the guard too', async () => {
  const canary = newCanary()
  const tokens = s.dataSource.getRepository(Token)
  const { id } = await tokens.save({ value: 'before' } as Token)
  const stale = await tokens.findOneByOrFail({ id })
  // The only field, so nothing is left under the old data key.
  const renewed = await tokens.save({ id, value: canary })
  expect(renewed.encryptionMetadata).not.toEqual(stale.encryptionMetadata)
  stale.value = canary
  const save = () => tokens.save(stale, { listeners: false })
  expect(await failureOf(save)).toMatchObject({ code: 'ERR_PLAINTEXT_REFUSED' })
  await withoutMetadataTransformer(Token, async () => {
    expect(await failureOf(save)).toMatchObject({
      code: 'ERR_ENVELOPE_CHANGED',
      message: expect.stringContaining('WX002'),
    })
  })
  expect((await tokens.findOneByOrFail({ id })).value).toBe(canary)
})

test('a stale entity saved with listeners after a rewrap keeps the new wraps', async () => {
  const canary = newCanary()
  const { id } = await newRow('before')
  const stale = await reread(id)
  await s.database.client.query(
    `update credential set encryption_metadata = jsonb_set(encryption_metadata, '{wrap}', '2') where id = $1`,
    [id],
  )
  stale.password = canary
  await credentials().save(stale)
  const found = await reread(id)
  expect(found.password).toBe(canary)
  expect(found.encryptionMetadata).toMatchObject({ wrap: 2 })
  expect(stale.encryptionMetadata).toMatchObject({ wrap: 2 })
})
