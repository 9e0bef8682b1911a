import { randomUUID } from 'node:crypto'
import { beforeEach, expect, test } from '@jest/globals'
import type { WrappedMetadata } from '../../src/index.js'
import { rewrapRows } from '../../src/postgres/index.js'
import { readEnvelopes } from '../../src/postgres/read-envelopes.js'
import { protectedTableOf, queryableOf, updateEncrypted } from '../../src/typeorm/index.js'
import { Credential, Token } from './entities.js'
import { suite } from './suite.js'

/** When a row gets a data key, keeps it, and gives it up. */
const s = suite([Credential, Token])
const credentials = () => s.dataSource.getRepository(Credential)
const tenantId = randomUUID()

async function stored(id: string) {
  const { rows } = await s.database.client.query('SELECT * FROM credential WHERE id = $1', [id])
  return rows[0] as Record<string, string | null> & { encryption_metadata: Partial<WrappedMetadata> }
}

async function insert(values: Partial<Credential>): Promise<Credential> {
  const { id } = await credentials().save(credentials().create({ tenantId, ...values } as Credential))
  return credentials().findOneByOrFail({ id })
}

/** The SET list of each UPDATE that `run` sends. */
async function updatesOf(run: () => Promise<unknown>): Promise<string[]> {
  const updates: string[] = []
  const { subscribers } = s.dataSource
  const witness = {
    beforeQuery({ query }: { query: string }) {
      const set = /^UPDATE "credential" SET (.*?) WHERE/.exec(query)?.[1]
      if (set) updates.push(set)
    },
  }
  subscribers.push(witness)
  try {
    await run()
  } finally {
    subscribers.splice(subscribers.indexOf(witness), 1)
  }
  return updates
}

beforeEach(() => s.encrypted.ledger.clear())

test('a new row gets one data key for all its fields, wrapped once', async () => {
  const { id } = await insert({ password: 'a', settings: { a: 1 } })
  const row = await stored(id)
  expect(row.encryption_metadata).toMatchObject({ format: 1, wrap: 1 })
  expect(row['password']?.slice(4, 47)).toBe(row.encryption_metadata.commitment)
  expect(row['settings']?.slice(4, 47)).toBe(row.encryption_metadata.commitment)
  expect(s.encrypted.ledger.counts()).toEqual({ generateDataKey: 1 })
})

test('a row without a value gets none, and one with its first value', async () => {
  const credential = await insert({ name: randomUUID() })
  expect((await stored(credential.id)).encryption_metadata).toEqual({})
  expect(s.encrypted.ledger.counts()).toEqual({})
  credential.password = 'first'
  await credentials().save(credential)
  expect(s.encrypted.ledger.counts()).toEqual({ generateDataKey: 1 })
  expect((await credentials().findOneByOrFail({ id: credential.id })).password).toBe('first')
})

test('an unchanged save sends no statement and asks no KMS', async () => {
  const credential = await insert({ password: 'a', settings: { a: 1 }, oauth: { access: 'b' } })
  s.encrypted.ledger.clear()
  expect(await updatesOf(() => credentials().save(credential))).toEqual([])
  expect(s.encrypted.ledger.counts()).toEqual({})
})

test('a change of another column writes that column only', async () => {
  const credential = await insert({ password: 'a', oauth: { access: 'b' } })
  credential.name = randomUUID()
  s.encrypted.ledger.clear()
  expect(await updatesOf(() => credentials().save(credential))).toEqual(['"name" = $1'])
  expect(s.encrypted.ledger.counts()).toEqual({})
})

test('a partial update keeps the data key and leaves the metadata column out', async () => {
  const credential = await insert({ password: 'a', settings: { a: 1 } })
  const before = await stored(credential.id)
  credential.password = 'b'
  expect(await updatesOf(() => credentials().save(credential))).toEqual(['"password" = $1'])
  const after = await stored(credential.id)
  expect(after.encryption_metadata).toEqual(before.encryption_metadata)
  expect(after['settings']).toBe(before['settings'])
  expect(after['password']).not.toBe(before['password'])
})

test('an update of every ciphertext mints a new data key', async () => {
  const credential = await insert({ password: 'a', settings: { a: 1 }, hidden: 'h' })
  const before = await stored(credential.id)
  Object.assign(credential, { password: 'b', settings: { a: 2 }, hidden: 'i' })
  await credentials().save(credential)
  const after = await stored(credential.id)
  expect(after.encryption_metadata.id).not.toBe(before.encryption_metadata.id)
  expect(after.encryption_metadata.commitment).not.toBe(before.encryption_metadata.commitment)
  expect(after.encryption_metadata.wrap).toBe(1)
  expect(credential.encryptionMetadata).toMatchObject({ id: after.encryption_metadata.id })
})

test('the only ciphertext of a row, replaced, mints a new data key', async () => {
  const credential = await insert({ password: 'a' })
  const before = await stored(credential.id)
  // The hidden field is not loaded: as far as a save knows it may hold a ciphertext, so it is said to be null.
  Object.assign(credential, { password: 'b', hidden: null })
  await credentials().save(credential)
  expect((await stored(credential.id)).encryption_metadata.id).not.toBe(before.encryption_metadata.id)
})

test('a field that is not loaded counts as a ciphertext that remains', async () => {
  const credential = await insert({ password: 'a', hidden: 'h' })
  const before = await stored(credential.id)
  credential.password = 'b'
  await expect(credentials().save(credential)).resolves.toBe(credential)
  const after = await stored(credential.id)
  expect(after.encryption_metadata.id).toBe(before.encryption_metadata.id)
  const read = await credentials()
    .createQueryBuilder('c')
    .addSelect('c.hidden')
    .where({ id: credential.id })
    .getOneOrFail()
  expect(read).toMatchObject({ password: 'b', hidden: 'h' })
})

test('setting every field to null asks no KMS, keeps the envelope, and the next value mints', async () => {
  const credential = await insert({ password: 'a', settings: { a: 1 } })
  const before = await stored(credential.id)
  Object.assign(credential, { password: null, settings: null, hidden: null })
  s.encrypted.ledger.clear()
  await credentials().save(credential)
  expect(s.encrypted.ledger.counts()).toEqual({})
  expect((await stored(credential.id)).encryption_metadata).toEqual(before.encryption_metadata)
  const empty = await credentials().findOneByOrFail({ id: credential.id })
  expect(empty).toMatchObject({ password: null, settings: null })
  Object.assign(empty, { password: 'b', hidden: null })
  await credentials().save(empty)
  expect((await stored(credential.id)).encryption_metadata.id).not.toBe(before.encryption_metadata.id)
})

test('a context that changes in a save encrypts every field under a new data key', async () => {
  const credential = await insert({
    password: 'a',
    settings: { a: 1 },
    oauth: { access: 'b' },
    certificate: Buffer.from('c'),
  })
  const before = await stored(credential.id)
  const next = randomUUID()
  // `hidden` is not selected, so the save is told what it is.
  Object.assign(credential, { tenantId: next, hidden: null, endpoint: { secret: null, host: null } })
  await expect(credentials().save(credential)).resolves.toBe(credential)
  const after = await stored(credential.id)
  expect(after.encryption_metadata.id).not.toBe(before.encryption_metadata.id)
  for (const field of ['password', 'settings', 'oauth', 'certificate']) expect(after[field]).not.toEqual(before[field])
  const read = await credentials().findOneByOrFail({ id: credential.id })
  expect(read).toMatchObject({ tenantId: next, password: 'a', settings: { a: 1 } })
  expect(Buffer.from(read.certificate as Uint8Array).toString()).toBe('c')
  expect(await (read.oauth as { decrypt(): Promise<unknown> }).decrypt()).toEqual({ access: 'b' })
})

test('a context that changes without every field loaded is refused, naming the field, and nothing changes', async () => {
  const credential = await insert({ password: 'a', hidden: 'h' })
  const before = await stored(credential.id)
  credential.tenantId = randomUUID()
  await expect(credentials().save(credential)).rejects.toMatchObject({
    code: 'ERR_PLAINTEXT_REFUSED',
    message: expect.stringContaining('"hidden"'),
  })
  expect(await stored(credential.id)).toEqual(before)
  const moved = await updateEncrypted(credentials(), credential.id, { tenantId: credential.tenantId })
  expect(moved).toMatchObject({ password: 'a', hidden: 'h', tenantId: credential.tenantId })
})

test('the context of a row whose fields are all null changes freely', async () => {
  const credential = await insert({ password: 'a' })
  Object.assign(credential, { password: null, hidden: null })
  await credentials().save(credential)
  Object.assign(credential, { tenantId: randomUUID(), hidden: null })
  await credentials().save(credential)
  expect((await stored(credential.id)).encryption_metadata).toEqual({})
  credential.password = 'b'
  await credentials().save(credential)
  expect((await credentials().findOneByOrFail({ id: credential.id })).password).toBe('b')
})

test('a stale entity saved after a rewrap keeps the new wrap and is no error', async () => {
  const credential = await insert({ password: 'a', settings: { a: 1 } })
  const before = await stored(credential.id)
  s.encrypted.provider.kms.rotate()
  const table = protectedTableOf(s.dataSource, Credential)
  const runner = s.dataSource.createQueryRunner()
  try {
    for await (const rows of readEnvelopes(queryableOf(runner), table)) {
      const report = await rewrapRows(queryableOf(runner), table, rows, s.encrypted.cipher)
      expect(report).toMatchObject({ lost: 0, failures: [] })
    }
  } finally {
    await runner.release()
  }
  const rewrapped = await stored(credential.id)
  expect(rewrapped.encryption_metadata.wrap).toBe(2)
  expect(rewrapped.encryption_metadata.id).toBe(before.encryption_metadata.id)
  expect(rewrapped['password']).toBe(before['password'])

  credential.password = 'b'
  await credentials().save(credential)
  const after = await stored(credential.id)
  expect(after.encryption_metadata).toEqual(rewrapped.encryption_metadata)
  expect(await credentials().findOneByOrFail({ id: credential.id })).toMatchObject({
    password: 'b',
    settings: { a: 1 },
  })
  // Nothing but the metadata it is stale in: no statement at all.
  const stale = await credentials().findOneByOrFail({ id: credential.id })
  stale.encryptionMetadata = credential.encryptionMetadata
  expect(await updatesOf(() => credentials().save(stale))).toEqual([])
})

test('a stale entity saved after a full update by another writer is written under the new data key', async () => {
  const stale = await insert({ password: 'a', settings: { a: 1 }, oauth: { access: 'old' } })
  const other = await credentials().findOneByOrFail({ id: stale.id })
  Object.assign(other, { password: 'b', settings: { a: 2 }, oauth: { access: 'new' }, hidden: null })
  await credentials().save(other)
  stale.password = 'c'
  await credentials().save(stale)
  const read = await credentials().findOneByOrFail({ id: stale.id })
  // As with any column: what the entity holds is what a save writes.
  expect(read).toMatchObject({ password: 'c', settings: { a: 1 } })
  expect(await (read.oauth as { decrypt(): Promise<unknown> }).decrypt()).toEqual({ access: 'old' })
})
