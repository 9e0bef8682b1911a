import { createHash } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import pg from 'pg'
import { metadataToJson } from '../../src/index.js'
import { readShreddedRows, type ShreddedRow, shred } from '../../src/shredding/index.js'
import { outcome } from '../postgres/credentials.js'
import { ACME, ENTITY, shreddingSuite } from './shredding-suite.js'

const suite = shreddingSuite()
const isShredded = async ({ id }: { id: string }) =>
  'shredded' in (await suite.credentials.read(id)).encryption_metadata

async function rowsOf(receipt: string): Promise<ShreddedRow[]> {
  const rows: ShreddedRow[] = []
  for await (const row of readShreddedRows(suite.client, receipt)) rows.push(row)
  return rows
}

test('a row gets the shredded shape with the id of its receipt, and its fields stay as they are', async () => {
  const [row, other] = await suite.insertMany(2)
  const { receipt, failures } = await suite.shred(suite.rowTarget(row!))
  expect(failures).toEqual([])
  const { id, commitment } = row!.encryption_metadata
  expect(await suite.credentials.read(row!.id)).toEqual({
    ...row,
    encryption_metadata: { format: 1, id, commitment, shredded: receipt.id },
  })
  expect(await suite.credentials.read(other!.id)).toEqual(other)
})

test('it does not open any more, although the cipher had its data key in the cache', async () => {
  const [row] = await suite.insertMany(1)
  await suite.credentials.decrypt(row!)
  expect(suite.credentials.cipher.cacheStatistics.keys).toBe(1)
  await suite.shred(suite.rowTarget(row!))
  expect(suite.credentials.cipher.cacheStatistics.keys).toBe(0)
  const stored = await suite.credentials.read(row!.id)
  await expect(suite.credentials.decrypt(stored)).rejects.toMatchObject({ code: 'ERR_CREDENTIAL_SHREDDED' })
})

test('the receipt says what, when, who, why, how many, and the digests and KEK versions of what was removed', async () => {
  const [row] = await suite.insertMany(1)
  const { receipt } = await suite.shred(suite.rowTarget(row!), { ticket: 'OPS-1' })
  const [{ kek, dataKey }] = row!.encryption_metadata.wraps
  expect(receipt).toMatchObject({
    status: 'pending',
    target: suite.rowTarget(row!),
    tables: [{ entity: 'credential', table: 'credential' }],
    reason: 'offboarding',
    ticket: 'OPS-1',
    who: 'operator',
    databaseUser: expect.any(String),
    startedAt: expect.stringMatching(/Z$/),
    endedAt: expect.stringMatching(/Z$/),
    rows: 1,
    tried: 1,
    keks: [{ kek, wraps: 1 }],
  })
  expect(await rowsOf(receipt.id)).toMatchObject([
    {
      entity: 'credential',
      primaryKey: { id: row!.id },
      envelope: row!.encryption_metadata.id,
      wraps: [{ kek, sha256: createHash('sha256').update(Buffer.from(dataKey, 'base64url')).digest('hex') }],
    },
  ])
})

test('of a tenant, all rows are shredded in batches under one receipt, and no row of another tenant', async () => {
  const acme = await suite.insertMany(7)
  const [other] = await suite.insertMany(1, 'other')
  const seen: number[] = []
  const { receipt } = await suite.shred(ACME, { batchSize: 3, onProgress: ({ rows }) => seen.push(rows) })
  expect(receipt).toMatchObject({ rows: 7, tried: 7 })
  expect(seen).toEqual([0, 3, 6, 7])
  for (const row of acme) expect(await isShredded(row)).toBe(true)
  expect(await isShredded(other!)).toBe(false)
  expect((await rowsOf(receipt.id)).map(({ primaryKey }) => primaryKey.id).sort()).toEqual(
    acme.map(({ id }) => id).sort(),
  )
})

test('of an entity, every row that has an envelope', async () => {
  const [row, empty, shredded] = [...(await suite.insertMany(2)), ...(await suite.insertMany(1, 'other'))]
  await suite.credentials.update(empty!.id, { password: null, encryption_metadata: {} })
  const { receipt: first } = await suite.shred(suite.rowTarget(shredded!))
  const { receipt } = await suite.shred(ENTITY)
  expect(receipt.rows).toBe(1)
  expect(await isShredded(row!)).toBe(true)
  expect((await suite.credentials.read(empty!.id)).encryption_metadata).toEqual({})
  expect((await suite.credentials.read(shredded!.id)).encryption_metadata.shredded).toBe(first.id)
})

test('no KMS is asked', async () => {
  const [row] = await suite.insertMany(1)
  suite.credentials.provider.clearCalls()
  await suite.shred(suite.rowTarget(row!))
  expect(suite.credentials.provider.calls).toEqual([])
})

test('a secret that is saved afterwards has a new envelope and stays', async () => {
  const [row] = await suite.insertMany(1)
  await suite.shred(suite.rowTarget(row!))
  const envelope = await suite.credentials.mint(row!.id)
  const password = suite.credentials.encrypt(envelope, 'password', 'new')
  const saved = suite.credentials.update(row!.id, { password, encryption_metadata: metadataToJson(envelope.metadata) })
  expect(await outcome(saved)).toBe('accepted')
  expect(await suite.credentials.decrypt(await suite.credentials.read(row!.id))).toMatchObject({ password: 'new' })
})

describe('refused before anything is written:', () => {
  const refused = async (run: Promise<unknown>, message: string) => {
    await expect(run).rejects.toMatchObject({ code: 'ERR_CONFIGURATION', message: expect.stringContaining(message) })
    const { rows } = await suite.client.query('SELECT FROM waxseal.shred_receipt WHERE reason = $1', ['refused'])
    expect(rows).toEqual([])
  }
  const target = (changes: object) => suite.shred(changes as never, { reason: 'refused' })

  test('an entity that is none', () =>
    refused(target({ kind: 'entity', entity: 'credentials' }), 'expected one of the entities "credential"'))
  test('a pair that no entity declares', () =>
    refused(target({ kind: 'context', pair: 'tenants', value: 'x' }), 'the context pair "tenants"'))
  test('a named entity of which there is none', () =>
    refused(target({ ...ACME, entities: ['credential', 'other'] }), 'found "other"'))
  test('a primary key with another column', () =>
    refused(target({ kind: 'row', entity: 'credential', primaryKey: { key: 'x' } }), 'expected the primary key id'))
  test('a primary key of another type', () =>
    refused(target({ kind: 'row', entity: 'credential', primaryKey: { id: 'x' } }), 'expected a uuid'))
  test('no reason', () => refused(suite.shred(ENTITY, { reason: '' }), '"reason" must be a text'))
  test('a duration that is none', () =>
    refused(suite.shred(ENTITY, { reason: 'refused', backupsKept: '35' }), '"backupsKept" must be a duration'))
  test('a pool, whose statements are in no transaction together', async () => {
    const pool = new pg.Pool({ connectionString: suite.database.url })
    await refused(shred(pool, suite.options(ENTITY, { reason: 'refused' })), 'found a pool')
    await pool.end()
  })
  test('an unknown option', () =>
    refused(suite.shred(ENTITY, { reason: 'refused', force: true } as never), 'unknown option "force"'))

  test('a table without its guard, which would let an old copy of the metadata come back', async () => {
    await suite.client.query(`DROP TRIGGER waxseal_wx004_update ON ${suite.credentials.name}`)
    await refused(suite.shred(ENTITY, { reason: 'refused' }), 'GUARD_MISSING')
  })

  test('a table whose adoption has not ended, which may have the plaintext in its former columns', async () => {
    const { name } = suite.credentials
    await suite.client.query(
      `INSERT INTO waxseal.adoption (table_name, entity, fields) VALUES ($1, 'credential', '[]')`,
      [name],
    )
    await refused(suite.shred(ENTITY, { reason: 'refused' }), 'waxseal adopt clean')
    await suite.client.query('UPDATE waxseal.adoption SET cleaned_at = now() WHERE table_name = $1', [name])
    expect((await suite.shred(ENTITY)).failures).toEqual([])
  })
})

describe('under a collation that takes different texts for equal', () => {
  const insensitive = shreddingSuite({ collation: 'case_insensitive' }, async (client) => {
    await client.query(
      `CREATE COLLATION case_insensitive (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`,
    )
  })

  test('a tenant is meant byte for byte', async () => {
    const [acme] = await insensitive.insertMany(1)
    const [other] = await insensitive.insertMany(1, 'ACME')
    await insensitive.shred(ACME)
    expect((await insensitive.credentials.read(acme!.id)).encryption_metadata).toHaveProperty('shredded')
    expect((await insensitive.credentials.read(other!.id)).encryption_metadata).toHaveProperty('wraps')
  })
})
