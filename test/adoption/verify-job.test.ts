import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { Accounts, inHex } from './accounts.js'
import { adopt, verify } from './working.js'

describe('side', () => {
  let accounts: Accounts
  beforeEach(async () => {
    accounts = await Accounts.create()
  })
  afterEach(() => accounts.drop())
  const failures = () => accounts.query('SELECT primary_key[1] AS id, code, message FROM waxseal.run_failure')
  /** Past the guard, as a restored backup or a superuser could. */
  const force = async (statement: string, values: unknown[]) => {
    await accounts.query('ALTER TABLE account DISABLE TRIGGER USER')
    await accounts.query(statement, values)
  }

  test('every row is opened and compared, and nothing is stored', async () => {
    await accounts.fill(10)
    await accounts.insert(inHex('hex'), { token: 1 })
    await adopt(accounts)
    const plain = await accounts.insert('not yet')
    const before = await accounts.digest()
    expect(await verify(accounts)).toEqual({ state: 'finished', counts: { plaintext: 1, verified: 11 }, failed: 0 })
    expect(await accounts.digest()).toBe(before)
    expect((await accounts.read(plain)).encryption_metadata).toEqual({})
  })

  test('a source that holds another value is a failure of its row, without either value', async () => {
    const id = await accounts.insert('value')
    await adopt(accounts)
    await force(`UPDATE account SET password = 'another' WHERE id = $1`, [id])
    expect(await verify(accounts)).toMatchObject({ counts: {}, failed: 1 })
    expect(await failures()).toEqual([
      { id, code: 'ERR_LEGACY_VALUE', message: 'field "account.password": its source "password" holds another value' },
    ])
  })

  test('a source that is null is one that nobody would get back, until "enforce"', async () => {
    const id = await accounts.insert('value')
    await adopt(accounts)
    await accounts.query('ALTER TABLE account ALTER COLUMN password DROP NOT NULL')
    await force('UPDATE account SET password = NULL WHERE id = $1', [id])
    expect(await verify(accounts)).toMatchObject({ failed: 1 })
    expect(await verify(accounts, { enforced: true })).toMatchObject({ counts: { verified: 1 }, failed: 0 })
  })

  test('a ciphertext that does not open is a failure of its row', async () => {
    const id = await accounts.insert('value')
    await adopt(accounts)
    const { password_encrypted: stored } = await accounts.read(id)
    const altered = `${stored.slice(0, 48)}${randomBytes(stored.length)
      .toString('hex')
      .replaceAll(/[a-f]/g, 'A')
      .slice(0, stored.length - 48)}`
    await force('UPDATE account SET password_encrypted = $2 WHERE id = $1', [id, altered.slice(0, stored.length)])
    expect(await verify(accounts)).toMatchObject({ counts: {}, failed: 1 })
  })
})

test('inPlace: every row is opened; there is nothing to compare with', async () => {
  const accounts = await Accounts.create({ placement: 'inPlace' })
  await accounts.fill(5)
  await adopt(accounts)
  expect(await verify(accounts)).toEqual({ state: 'finished', counts: { verified: 5 }, failed: 0 })
  await accounts.drop()
})
