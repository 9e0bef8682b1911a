import { randomUUID } from 'node:crypto'
import { afterEach, describe, expect, test } from '@jest/globals'
import { metadataToJson } from '../../src/index.js'
import { planRenewal } from '../../src/rotation/index.js'
import { faults } from '../../src/testing/index.js'
import { install, type Row, remove, shreddedShape } from '../postgres/credentials.js'
import { nothing, opened, Rotating, renewOn } from './renewing.js'

let made: Rotating
afterEach(() => made.drop())

test('every row gets another envelope id, another commitment and other ciphertexts, and opens to what it held', async () => {
  made = await Rotating.create()
  const rows = await made.insert(7)
  expect(await renewOn(made)).toMatchObject({ ...nothing, renewed: 7 })
  for (const [n, { row, plain }] of (await opened(made, rows)).entries()) {
    const before = rows[n]!
    expect(plain).toEqual({ password: `password ${n}`, oauth: null })
    expect(row).toMatchObject({ id: before.id, tenant_id: before.tenant_id, oauth: null })
    expect(row.password).not.toBe(before.password)
    expect(row.encryption_metadata.id).not.toBe(before.encryption_metadata.id)
    expect(row.encryption_metadata.commitment).not.toBe(before.encryption_metadata.commitment)
    expect(row.encryption_metadata.wrap).toBe(1)
  }
})

test('each row is renewed once, however often the table is gone through, and the next run renews them again', async () => {
  made = await Rotating.create()
  const rows = await made.insert(4)
  expect(await renewOn(made)).toMatchObject({ renewed: 4, kept: 0 })
  const { row } = (await opened(made, rows))[0]!
  expect(await renewOn(made)).toMatchObject({ renewed: 4, kept: 0 })
  expect((await made.credentials.read(row.id)).encryption_metadata.id).not.toBe(row.encryption_metadata.id)
  expect((await made.pool.query('SELECT FROM waxseal.renewed_envelope')).rows).toEqual([])
  // What stays is what was replaced, by both.
  const { rows: superseded } = await made.pool.query('SELECT envelope FROM waxseal.superseded_envelope')
  const replaced = superseded.map(({ envelope }) => envelope)
  expect(replaced).toHaveLength(8)
  expect(replaced).toEqual(expect.arrayContaining([...rows, row].map((each) => each.encryption_metadata.id)))
})

test('bytes, JSON and null fields come back as they were', async () => {
  made = await Rotating.create()
  const inserted = await made.credentials.insert({ password: 'Grüße 🔑', oauth: { token: ['a', 1, null] } })
  await renewOn(made)
  const row = await made.credentials.read(inserted.id)
  expect(await made.credentials.decrypt(row)).toEqual({ password: 'Grüße 🔑', oauth: { token: ['a', 1, null] } })
})

test('shredded rows and rows without an envelope are counted and left alone', async () => {
  made = await Rotating.create()
  const [shredded] = await made.insert(3)
  const shape = shreddedShape(shredded!.encryption_metadata)
  await made.credentials.update(shredded!.id, { encryption_metadata: shape })
  await made.credentials.insertStored(randomUUID(), 'acme', [], {})
  const report = await renewOn(made)
  expect(report).toMatchObject({ renewed: 2 })
  expect((await made.credentials.read(shredded!.id)).encryption_metadata).toEqual(shape)
})

test('for each row the KMS unwraps the former data key, makes a new one, and unwraps that', async () => {
  made = await Rotating.create()
  await made.insert(1)
  made.credentials.cipher.forgetAll()
  made.credentials.provider.clearCalls()
  await renewOn(made)
  const calls = made.credentials.provider.calls.map(({ operation }) => operation)
  expect(calls).toEqual(['unwrap', 'generateDataKey', 'unwrap'])
})

describe('only the rows that are asked for:', () => {
  async function twoTenants() {
    made = await Rotating.create()
    const acme = await made.credentials.insert({ password: 'of acme' }, 'acme')
    const other = await made.credentials.insert({ password: 'of other' }, 'other')
    return { acme, other }
  }
  const isRenewed = async (row: Row) =>
    (await made.credentials.read(row.id)).encryption_metadata.id !== row.encryption_metadata.id

  test('of a tenant', async () => {
    const { acme, other } = await twoTenants()
    const context = { pair: 'tenant', value: 'acme' }
    expect(await planRenewal(made.pool, [made.credentials.table], { context })).toMatchObject([{ rows: 1 }])
    expect(await renewOn(made, { context })).toMatchObject({ renewed: 1, kept: 1 })
    expect([await isRenewed(acme), await isRenewed(other)]).toEqual([true, false])
  })

  test('under a version of a KEK, or under all of its versions', async () => {
    const { acme, other } = await twoTenants()
    made.credentials.provider.kms.rotate()
    const later = await made.credentials.insert({ password: 'later' })
    const kek = 'fake:fake-kek@1'
    expect(await planRenewal(made.pool, [made.credentials.table], { kek })).toMatchObject([{ rows: 2 }])
    expect(await planRenewal(made.pool, [made.credentials.table], { kek: 'fake:fake-kek' })).toMatchObject([
      { rows: 3 },
    ])
    expect(await renewOn(made, { kek })).toMatchObject({ renewed: 2 })
    expect([await isRenewed(acme), await isRenewed(other), await isRenewed(later)]).toEqual([true, true, false])
    expect(await renewOn(made, { kek })).toMatchObject({ renewed: 0 })
    expect(await renewOn(made, { kek: 'fake:fake-kek' })).toMatchObject({ renewed: 3 })
  })

  test('whose data key is older, and those that were wrapped again, of which nobody knows', async () => {
    const { acme, other } = await twoTenants()
    const { encryption_metadata: metadata } = acme
    const old = { ...metadata, wraps: [{ ...metadata.wraps[0], wrappedAt: '2020-01-01T00:00:00Z' }] }
    await made.unguarded(() => made.credentials.update(acme.id, { encryption_metadata: old }))
    await install(made.database.client, made.credentials.table)
    const again = await made.credentials.insert({ password: 'again' })
    const rewrapped = { ...again.encryption_metadata, wrap: 2 }
    await made.credentials.update(again.id, { encryption_metadata: rewrapped })
    expect(await planRenewal(made.pool, [made.credentials.table], { olderThan: '2y' })).toMatchObject([{ rows: 2 }])
    expect(await renewOn(made, { olderThan: '2y' })).toMatchObject({ renewed: 2, kept: 1 })
    expect([await isRenewed(acme), await isRenewed(other), await isRenewed(again)]).toEqual([true, false, true])
  })
})

describe('a row that another writer changes while it is renewed', () => {
  /** Runs something after the first row was given its new data key. */
  function meanwhile(run: () => Promise<unknown>) {
    const { cipher } = made.credentials
    let done = false
    return {
      open: cipher.open.bind(cipher),
      forget: cipher.forget.bind(cipher),
      async mint(...args: Parameters<typeof cipher.mint>) {
        const minted = await cipher.mint(...args)
        if (!done) {
          done = true
          await run()
        }
        return minted
      },
    }
  }

  test('under its former data key keeps what was written, and is renewed as it is then', async () => {
    made = await Rotating.create()
    const [row] = await made.insert(1)
    const envelope = await made.credentials.open(row!)
    const cipher = meanwhile(() =>
      made.credentials.update(row!.id, { oauth: made.credentials.encrypt(envelope, 'oauth', 'saved meanwhile') }),
    )
    expect(await renewOn(made, { cipher })).toMatchObject({ renewed: 1, failed: 0 })
    const { row: now, plain } = (await opened(made, [row!]))[0]!
    expect(plain).toEqual({ password: 'password 0', oauth: 'saved meanwhile' })
    expect(now.encryption_metadata.id).not.toBe(row!.encryption_metadata.id)
  })

  test('in its capitals only, where the column does not tell them apart, keeps what was written', async () => {
    made = await Rotating.create()
    const { credentials, pool, database } = made
    await remove(database.client, credentials.table)
    await pool.query(`CREATE COLLATION caseless (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`)
    await pool.query('ALTER TABLE credential ALTER oauth TYPE text COLLATE caseless')
    await install(database.client, credentials.table)
    const row = await credentials.insert({ oauth: 'secret '.repeat(9) })
    const oauth = String(row.oauth).replace(/.{40}(?=..$)/, (end) => end.toUpperCase())
    expect(oauth).not.toBe(row.oauth)
    const cipher = meanwhile(() => credentials.update(row.id, { oauth }))
    expect(await renewOn(made, { cipher })).toMatchObject({ renewed: 0, failed: 1 })
    expect(await credentials.read(row.id)).toEqual({ ...row, oauth })
  })

  test('with a new envelope keeps what was written', async () => {
    made = await Rotating.create()
    const [row] = await made.insert(1)
    const envelope = await made.credentials.mint(row!.id)
    const password = made.credentials.encrypt(envelope, 'password', 'saved meanwhile')
    const metadata = metadataToJson(envelope.metadata)
    const cipher = meanwhile(() => made.credentials.update(row!.id, { password, encryption_metadata: metadata }))
    expect(await renewOn(made, { cipher })).toMatchObject({ failed: 0 })
    expect((await opened(made, [row!]))[0]!.plain).toMatchObject({ password: 'saved meanwhile' })
  })

  test('by shredding it stays shredded', async () => {
    made = await Rotating.create()
    const [row] = await made.insert(1)
    const shape = shreddedShape(row!.encryption_metadata)
    const cipher = meanwhile(() => made.credentials.update(row!.id, { encryption_metadata: shape }))
    expect(await renewOn(made, { cipher })).toMatchObject({ renewed: 0, failed: 0 })
    expect((await made.credentials.read(row!.id)).encryption_metadata).toEqual(shape)
  })

  test('by deleting it is gone', async () => {
    made = await Rotating.create()
    const [row] = await made.insert(2)
    const cipher = meanwhile(() => made.credentials.query('DELETE FROM {table} WHERE id = $1', [row!.id]))
    expect(await renewOn(made, { cipher })).toMatchObject({ renewed: 1, failed: 0 })
  })
})

test('a table whose guard does not stand is refused before any row has a new data key', async () => {
  made = await Rotating.create()
  const [row] = await made.insert(1)
  await made.credentials.query('ALTER TABLE {table} DISABLE TRIGGER ALL')
  await expect(renewOn(made)).rejects.toMatchObject({
    code: 'ERR_CONFIGURATION',
    message: expect.stringContaining('GUARD_NOT_ALWAYS'),
  })
  expect(await made.credentials.read(row!.id)).toEqual(row)
})

test('a row that does not open is reported, left as it is, and stops no other', async () => {
  made = await Rotating.create()
  const [broken] = await made.insert(4)
  const [head, tail] = [String(broken!.password).slice(0, -8), String(broken!.password).slice(-8)]
  const altered = `${head}${tail.startsWith('A') ? 'B' : 'A'}${tail.slice(1)}`
  await made.credentials.update(broken!.id, { password: altered })
  expect(await renewOn(made)).toMatchObject({ renewed: 3, failed: 1 })
  expect(await made.failures()).toEqual({ [broken!.id]: 'ERR_DECRYPTION_FAILED' })
  expect(await made.credentials.read(broken!.id)).toEqual({ ...broken, password: altered })
})

test('a wrap that does not open again replaces nothing', async () => {
  made = await Rotating.create()
  const [row] = await made.insert(1)
  const { cipher } = made.credentials
  const other = await made.credentials.mint(randomUUID())
  const lying = {
    open: cipher.open.bind(cipher),
    forget: cipher.forget.bind(cipher),
    async mint(...args: Parameters<typeof cipher.mint>) {
      const minted = await cipher.mint(...args)
      const metadata = { ...minted.metadata, wraps: other.metadata.wraps }
      return Object.defineProperty(minted, 'metadata', { value: metadata })
    },
  }
  expect(await renewOn(made, { cipher: lying })).toMatchObject({ renewed: 0, failed: 1 })
  expect(await made.credentials.read(row!.id)).toEqual(row)
})

test('a KMS that refuses everybody ends the work, and the run goes on when it is asked again', async () => {
  made = await Rotating.create()
  const [row] = await made.insert(4)
  made.credentials.cipher.forgetAll()
  made.credentials.provider.faults.inject(faults.deny())
  await expect(renewOn(made)).rejects.toMatchObject({ code: 'ERR_KMS_ACCESS_DENIED' })
  expect(await made.credentials.read(row!.id)).toEqual(row)
  made.credentials.provider.faults.clear()
  expect(await renewOn(made)).toMatchObject({ renewed: 4, failed: 0 })
})
