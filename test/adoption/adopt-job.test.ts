import { randomUUID } from 'node:crypto'
import { afterEach, describe, expect, test } from '@jest/globals'
import { Accounts, inHex } from './accounts.js'
import { adopt } from './working.js'

let accounts: Accounts
afterEach(() => accounts.drop())

const metadataOf = async (id: string) => (await accounts.read(id)).encryption_metadata

describe.each(['side', 'inPlace'] as const)('%s', (placement) => {
  test('rows of every kind are encrypted, and counted once; a second run finds nothing', async () => {
    accounts = await Accounts.create({ placement })
    const ids = [
      await accounts.insert('open', { token: 1 }),
      await accounts.insert(inHex('hex')),
      await accounts.insert(''),
    ]
    await accounts.fill(20)
    expect(await adopt(accounts)).toEqual({ state: 'finished', counts: { encrypted: 23 }, failed: 0 })
    expect(await Promise.all(ids.map((id) => accounts.decrypt(id)))).toEqual([
      { password: 'open', oauth: { token: 1 } },
      { password: 'hex', oauth: null },
      { password: '', oauth: null },
    ])
    const before = await accounts.digest()
    expect(await adopt(accounts)).toEqual({ state: 'finished', counts: {}, failed: 0 })
    expect(await accounts.digest()).toBe(before)
  })

  test('what no reader reads is a failure of its row, and stops no other', async () => {
    accounts = await Accounts.create({ placement })
    const [iv, tag, ciphertext] = inHex('value').split(':')
    const altered = await accounts.insert(`${iv}:${tag}:00${ciphertext}`)
    const other = await accounts.insert('open')
    expect(await adopt(accounts)).toMatchObject({ state: 'finished', counts: { encrypted: 1 }, failed: 1 })
    expect(await metadataOf(altered)).toEqual({})
    expect((await accounts.read(altered)).password).toBe(`${iv}:${tag}:00${ciphertext}`)
    expect(await accounts.decrypt(other)).toMatchObject({ password: 'open' })
    const [failure] = await accounts.query('SELECT primary_key, code, message FROM waxseal.run_failure')
    expect(failure).toEqual({ primary_key: [altered], code: 'ERR_LEGACY_VALUE', message: expect.any(String) })
    expect(failure!.message).not.toContain(tag)
  })
})

test('the source of a row stays beside its ciphertext', async () => {
  accounts = await Accounts.create()
  const id = await accounts.insert('open', { token: 1 })
  await adopt(accounts)
  expect(await accounts.read(id)).toMatchObject({ password: 'open', oauth: { token: 1 } })
})

test('rows without secrets and shredded rows are counted and left alone', async () => {
  accounts = await Accounts.create()
  await accounts.query('ALTER TABLE account ALTER COLUMN password DROP NOT NULL')
  await accounts.query(`INSERT INTO account (id, tenant_id) VALUES ($1, 'acme')`, [randomUUID()])
  const shredded = await accounts.insert('open')
  await adopt(accounts)
  const { id, commitment } = await metadataOf(shredded)
  const shape = { format: 1, id, commitment, shredded: 'receipt' }
  await accounts.query('UPDATE account SET encryption_metadata = $2 WHERE id = $1', [shredded, JSON.stringify(shape)])
  const before = await accounts.digest()
  expect(await adopt(accounts)).toEqual({ state: 'finished', counts: { empty: 1, shredded: 1 }, failed: 0 })
  expect(await accounts.digest()).toBe(before)
})

test('several processes share a run', async () => {
  accounts = await Accounts.create()
  await accounts.fill(60)
  const ends = await Promise.all([1, 2, 3].map(() => adopt(accounts)))
  expect(ends).toEqual(Array(3).fill({ state: 'finished', counts: { encrypted: 60 }, failed: 0 }))
})

describe('a row that the application writes while its values are encrypted', () => {
  /** Runs something once, when the first data key was asked for. */
  function meanwhile(run: () => Promise<unknown>) {
    const { cipher } = accounts
    let first = true
    return {
      mint: async (...args: Parameters<typeof cipher.mint>) => {
        const minted = await cipher.mint(...args)
        if (first) {
          first = false
          await run()
        }
        return minted
      },
      open: cipher.open.bind(cipher),
      forget: cipher.forget.bind(cipher),
    }
  }

  test.each(['side', 'inPlace'] as const)(
    '%s: its new value is what gets encrypted, in the next pass',
    async (placement) => {
      accounts = await Accounts.create({ placement })
      const id = await accounts.insert('old')
      const cipher = meanwhile(() => accounts.query(`UPDATE account SET password = 'new' WHERE id = $1`, [id]))
      expect(await adopt(accounts, { cipher })).toEqual({ state: 'finished', counts: { encrypted: 1 }, failed: 0 })
      expect(await accounts.decrypt(id)).toMatchObject({ password: 'new' })
    },
  )

  test('another tenant: the envelope is bound to that', async () => {
    accounts = await Accounts.create()
    const id = await accounts.insert('value')
    const cipher = meanwhile(() => accounts.query(`UPDATE account SET tenant_id = 'other' WHERE id = $1`, [id]))
    await adopt(accounts, { cipher })
    await expect(accounts.decrypt(id)).resolves.toMatchObject({ password: 'value' })
  })

  test('a column that is not looked at: nothing is lost, and nothing done twice', async () => {
    accounts = await Accounts.create()
    const id = await accounts.insert('value')
    const cipher = meanwhile(() => accounts.query(`UPDATE account SET name = 'renamed' WHERE id = $1`, [id]))
    await adopt(accounts, { cipher })
    expect(await accounts.read(id)).toMatchObject({ name: 'renamed' })
    expect(accounts.provider.calls.filter(({ operation }) => operation === 'generateDataKey')).toHaveLength(1)
  })

  test('deleted: it is gone', async () => {
    accounts = await Accounts.create()
    const id = await accounts.insert('value')
    const cipher = meanwhile(() => accounts.query('DELETE FROM account WHERE id = $1', [id]))
    expect(await adopt(accounts, { cipher })).toEqual({ state: 'finished', counts: {}, failed: 0 })
  })

  test('held by a transaction that does not end: it is left to the next pass, and nobody waits', async () => {
    accounts = await Accounts.create()
    const id = await accounts.insert('value')
    const other = await accounts.pool.connect()
    await other.query('BEGIN')
    const cipher = meanwhile(() => other.query('SELECT FROM account WHERE id = $1 FOR UPDATE', [id]))
    expect(await adopt(accounts, { cipher })).toMatchObject({ state: 'finished', counts: {} })
    await other.query('COMMIT')
    other.release()
    expect(await adopt(accounts)).toMatchObject({ counts: { encrypted: 1 } })
  })
})

describe('what is to overwrite its plaintext', () => {
  test('is unwrapped by the KMS and opened first: a wrap that does not come back changes nothing', async () => {
    accounts = await Accounts.create({ placement: 'inPlace' })
    const id = await accounts.insert('value')
    const { cipher } = accounts
    const broken = {
      mint: cipher.mint.bind(cipher),
      forget: cipher.forget.bind(cipher),
      // As a KMS that answered `generateDataKey` with a key that it does not hold.
      open: async (...[, binding]: Parameters<typeof cipher.open>) => cipher.mint(binding),
    }
    expect(await adopt(accounts, { cipher: broken })).toMatchObject({ counts: {}, failed: 1 })
    expect(await accounts.read(id)).toMatchObject({ password: 'value', encryption_metadata: {} })
    await adopt(accounts)
    expect(accounts.provider.calls.filter(({ operation }) => operation === 'unwrap')).toHaveLength(1)
  })
})

test('a row that the database refuses is a failure of its own', async () => {
  accounts = await Accounts.create()
  await accounts.query(`ALTER TABLE account ADD CHECK (name <> 'refused' OR password_encrypted IS NULL)`)
  await accounts.fill(7)
  const id = await accounts.insert('value')
  await accounts.query(`UPDATE account SET name = 'refused' WHERE id = $1`, [id])
  expect(await adopt(accounts)).toEqual({ state: 'finished', counts: { encrypted: 7 }, failed: 1 })
  const [failure] = await accounts.query('SELECT primary_key, code, message FROM waxseal.run_failure')
  expect(failure).toEqual({ primary_key: [id], code: '23514', message: 'the database refused to store the row' })
})

test('the KMS is asked for "concurrency" rows at a time', async () => {
  accounts = await Accounts.create()
  await accounts.fill(8)
  const { cipher } = accounts
  let [running, most] = [0, 0]
  const counting = {
    mint: async (...args: Parameters<typeof cipher.mint>) => {
      running += 1
      most = Math.max(most, running)
      const minted = await cipher.mint(...args)
      running -= 1
      return minted
    },
    open: cipher.open.bind(cipher),
    forget: cipher.forget.bind(cipher),
  }
  await adopt(accounts, { cipher: counting, concurrency: 2 })
  expect(most).toBe(2)
})
