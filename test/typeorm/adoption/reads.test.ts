import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { ManualClock } from '../../../src/testing/index.js'
import { decryptAll, type EncryptedValue, plaintextReadsOf } from '../../../src/typeorm/index.js'
import { type FreshDatabase, freshDatabase } from '../../setup/database.js'
import { Account, LegacyTable, OldAccount, UNTIL } from './legacy-account.js'

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

const values = () => ({
  tenantId: randomUUID(),
  password: `pw-${randomUUID()}`,
  token: `token-${randomUUID()}`,
  note: 'n',
})

async function oldRow(written = values()): Promise<string> {
  const old = await table.old()
  const { id } = await old.getRepository(OldAccount).save({ ...written })
  await old.destroy()
  return id
}

test('reads of rows without an envelope are counted, by field and reader', async () => {
  const { dataSource } = await table.start('adopt-read')
  const accounts = dataSource.getRepository(Account)
  const id = await oldRow()
  expect(plaintextReadsOf(dataSource)).toEqual([])
  await accounts.findOneByOrFail({ id })
  await accounts.findOneByOrFail({ id })
  const count = (field: string) => ({ field, reader: 'plaintext', reads: 2 })
  expect(plaintextReadsOf(dataSource)).toEqual([count('account.password'), count('account.note')])
})

test('from its end on, a reader reads and writes nothing, and the error says what to run', async () => {
  const clock = new ManualClock(new Date(UNTIL.getTime() - 1))
  const { dataSource } = await table.start('adopt-read', { clock })
  const accounts = dataSource.getRepository(Account)
  const id = await oldRow()
  const account = await accounts.findOneByOrFail({ id })
  expect(account.note).toBe('n')
  clock.advance(1)
  await expect(accounts.findOneBy({ id })).rejects.toMatchObject({ code: 'ERR_LEGACY_VALUE' })
  await expect((account.token as EncryptedValue<string>).decrypt()).rejects.toMatchObject({ code: 'ERR_LEGACY_VALUE' })
  await expect(accounts.save(accounts.create(values()))).rejects.toMatchObject({
    code: 'ERR_LEGACY_VALUE',
    message: expect.stringContaining('waxseal adopt run'),
  })
})

test('a lazy field of a row without an envelope decrypts to what stands there, and never prints it', async () => {
  const { dataSource } = await table.start('adopt-read')
  const written = values()
  const account = await dataSource.getRepository(Account).findOneByOrFail({ id: await oldRow(written) })
  expect(JSON.stringify(account.token)).toBe('"[encrypted]"')
  expect(await (account.token as EncryptedValue<string>).decrypt()).toBe(written.token)
})

test('a row that was loaded without hooks shows no plaintext, and decryptAll() reads it', async () => {
  const { dataSource } = await table.start('adopt-read')
  const accounts = dataSource.getRepository(Account)
  const written = values()
  const id = await oldRow(written)
  const rows = await accounts.createQueryBuilder('a').callListeners(false).where({ id }).getMany()
  expect(JSON.stringify(rows)).not.toContain(written.password)
  const [{ fields } = { fields: {} }] = await decryptAll(accounts, rows)
  expect(fields).toMatchObject({ password: written.password, token: written.token, note: 'n' })
})

test("another tenant's row without an envelope is refused", async () => {
  const tenantId = randomUUID()
  const { dataSource } = await table.start('adopt-read', { expectedContext: () => ({ tenant: tenantId }) })
  const accounts = dataSource.getRepository(Account)
  const [own, other] = [await oldRow({ ...values(), tenantId }), await oldRow()]
  expect(await accounts.findOneBy({ id: own })).toMatchObject({ note: 'n' })
  await expect(accounts.findOneBy({ id: other })).rejects.toMatchObject({ code: 'ERR_DECRYPTION_FAILED' })
  await expect(accounts.save(accounts.create(values()))).rejects.toMatchObject({ code: 'ERR_DECRYPTION_FAILED' })
})

/** Sets columns behind the guard's back. */
async function forge(id: string, assignments: string): Promise<void> {
  await database.client.query('ALTER TABLE account DISABLE TRIGGER USER')
  await database.client.query(`UPDATE account SET ${assignments} WHERE id = '${id}'`)
}

test.each([
  ['a ciphertext in place', "note = (SELECT note FROM account WHERE note LIKE 'ws1:%')", 'ERR_LEGACY_VALUE'],
  ['a ciphertext beside its column', "password_encrypted = 'ws1:x', password = null", 'ERR_INVALID_ENVELOPE'],
])('%s, in a row without an envelope, is reported and not read', async (_what, assignments, code) => {
  const { dataSource } = await table.start('adopt-write')
  const accounts = dataSource.getRepository(Account)
  await database.client.query('ALTER TABLE account ALTER password DROP NOT NULL')
  const id = await oldRow()
  await accounts.save(accounts.create(values()))
  await forge(id, assignments)
  await expect(accounts.findOneBy({ id })).rejects.toMatchObject({ code })
})

test.each([
  ['in place', "note = 'hunter2'"],
  ['in the column so far alone', 'password_encrypted = null'],
])('plaintext %s, in a row with an envelope, is reported and not read', async (_what, assignments) => {
  const { dataSource } = await table.start('adopt-write')
  const accounts = dataSource.getRepository(Account)
  const { id } = await accounts.save(accounts.create(values()))
  await forge(id, assignments)
  const error = await accounts.findOneBy({ id }).catch((caught) => caught)
  expect(error).toMatchObject({ code: 'ERR_INVALID_ENVELOPE' })
  expect(String(error)).not.toContain('hunter2')
})
