import { afterEach, expect, test } from '@jest/globals'
import { Accounts, inHex } from './accounts.js'
import { adopt, rollback } from './working.js'

let accounts: Accounts
afterEach(() => accounts.drop())

const ofSource = async (id: string) => {
  const { password, oauth, encryption_metadata } = await accounts.read(id)
  return { password, oauth, encryption_metadata }
}

test('side: the table is what it was before, byte by byte, values in hex included', async () => {
  accounts = await Accounts.create()
  await accounts.fill(12)
  const before = await accounts.digest()
  await adopt(accounts)
  expect(await accounts.digest()).not.toBe(before)
  expect(await rollback(accounts)).toEqual({ state: 'finished', counts: { decrypted: 12 }, failed: 0 })
  expect(await accounts.digest()).toBe(before)
  expect(await rollback(accounts)).toEqual({ state: 'finished', counts: {}, failed: 0 })
})

test('inPlace: what was plaintext is so again', async () => {
  accounts = await Accounts.create({ placement: 'inPlace' })
  const id = await accounts.insert('open')
  const hex = await accounts.insert(inHex('hex'))
  const before = await ofSource(id)
  await adopt(accounts)
  expect(await rollback(accounts)).toMatchObject({ counts: { decrypted: 2 }, failed: 0 })
  expect(await ofSource(id)).toEqual(before)
  // Its former ciphertext is gone.
  expect(await ofSource(hex)).toMatchObject({ password: 'hex' })
})

test('a source that was emptied since gets its value, JSON included', async () => {
  accounts = await Accounts.create()
  const id = await accounts.insert('value', { token: 1 })
  await adopt(accounts)
  await accounts.query('ALTER TABLE account ALTER COLUMN password DROP NOT NULL')
  await accounts.query('ALTER TABLE account DISABLE TRIGGER USER')
  await accounts.query('UPDATE account SET password = NULL, oauth = NULL')
  expect(await rollback(accounts)).toMatchObject({ counts: { decrypted: 1 } })
  expect(await ofSource(id)).toEqual({ password: 'value', oauth: { token: 1 }, encryption_metadata: {} })
})

test('a source that holds another value than the row gets that of the row', async () => {
  accounts = await Accounts.create()
  const id = await accounts.insert('value')
  await adopt(accounts)
  await accounts.query('ALTER TABLE account DISABLE TRIGGER USER')
  await accounts.query(`UPDATE account SET password = 'stale'`)
  await rollback(accounts)
  expect(await ofSource(id)).toMatchObject({ password: 'value' })
})

test('where no reader reads plaintext, none is written', async () => {
  accounts = await Accounts.create({ placement: 'inPlace' })
  const id = await accounts.insert(inHex('value'))
  await adopt(accounts)
  const onlyHex = accounts.table.fields.map((field) => ({
    ...field,
    adoption: { ...field.adoption!, readers: field.adoption!.readers.slice(0, 1) },
  }))
  const without = Object.create(accounts, { adopted: { value: { ...accounts.adopted, adopted: onlyHex } } })
  expect(await rollback(without)).toMatchObject({ counts: {}, failed: 1 })
  expect((await accounts.read(id)).password).toMatch(/^ws1:/)
})

test('a KMS that is away ends the run, and it goes on where it ended', async () => {
  accounts = await Accounts.create()
  await accounts.fill(9)
  const before = await accounts.digest()
  await adopt(accounts)
  accounts.cipher.forgetAll()
  accounts.provider.kms.disable('1')
  await expect(rollback(accounts)).rejects.toMatchObject({ code: 'ERR_KEK_UNAVAILABLE' })
  accounts.provider.kms.enable('1')
  await rollback(accounts)
  expect(await accounts.digest()).toBe(before)
})
