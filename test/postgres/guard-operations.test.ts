import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { EnvelopeCipher, metadataFromJson, metadataToJson } from '../../src/index.js'
import { bindingOf, checkGuard, readEnvelopes, rewrapRows } from '../../src/postgres/index.js'
import { FaultyProvider } from '../../src/testing/index.js'
import { type FreshDatabase, freshDatabase } from '../setup/database.js'
import { copyIn } from './copy-in.js'
import { Credentials, FIELDS, outcome, type Row, shreddedShape } from './credentials.js'

let database: FreshDatabase

beforeAll(async () => {
  database = await freshDatabase()
})
afterAll(() => database.drop())

describe.each(['text', 'bytea'] as const)('the operations of the library on %s columns pass the guard', (fieldType) => {
  let credentials: Credentials
  let row: Row
  const plain = { password: 'hunter2', oauth: { access: 'token' } }

  beforeAll(async () => {
    credentials = await Credentials.create(database.client, { schema: `operations_${fieldType}`, fieldType })
  })
  beforeEach(async () => {
    row = await credentials.insert(plain)
  })

  const decrypted = async () => credentials.decrypt(await credentials.read(row.id))

  /** All fields under a new data key, as a full update stores them. */
  async function renewal(values: Record<string, unknown>, tenant = 'acme') {
    const envelope = await credentials.mint(row.id, tenant)
    const fields = FIELDS.map((name) => [
      name,
      values[name] == null ? null : credentials.encrypt(envelope, name, values[name]),
    ])
    return { ...Object.fromEntries(fields), encryption_metadata: metadataToJson(envelope.metadata) }
  }

  test('insert', async () => {
    expect(await decrypted()).toEqual(plain)
  })

  test('insert without a secret, and the first secret later', async () => {
    const id = randomUUID()
    await credentials.insertStored(id, 'acme', [], {})
    row = await credentials.read(id)
    await credentials.update(id, await renewal({ password: 'first' }))
    expect(await decrypted()).toEqual({ password: 'first', oauth: null })
  })

  test('a partial update keeps the data key', async () => {
    const envelope = await credentials.open(row)
    await credentials.update(row.id, { password: credentials.encrypt(envelope, 'password', 'changed') })
    expect(await decrypted()).toEqual({ ...plain, password: 'changed' })
  })

  test('a full update takes a new one', async () => {
    await credentials.update(row.id, await renewal({ password: 'a', oauth: 'b' }))
    expect(await decrypted()).toEqual({ password: 'a', oauth: 'b' })
  })

  test('a field set to null, then the other one', async () => {
    await credentials.update(row.id, { oauth: null })
    expect(await decrypted()).toEqual({ ...plain, oauth: null })
    await credentials.update(row.id, { password: null })
    expect(await decrypted()).toEqual({ password: null, oauth: null })
    await credentials.update(row.id, await renewal({ oauth: 'again' }))
    expect(await decrypted()).toEqual({ password: null, oauth: 'again' })
  })

  test('all fields set to null with empty metadata', async () => {
    await credentials.update(row.id, { password: null, oauth: null, encryption_metadata: {} })
    expect((await credentials.read(row.id)).encryption_metadata).toEqual({})
  })

  test('rewrap', async () => {
    credentials.provider.kms.rotate()
    for await (const rows of readEnvelopes(database.client, credentials.table)) {
      await rewrapRows(database.client, credentials.table, rows, credentials.cipher)
    }
    const { password, oauth, encryption_metadata } = await credentials.read(row.id)
    expect(encryption_metadata.wrap).toBe(2)
    expect({ password, oauth }).toEqual({ password: row.password, oauth: row.oauth })
    expect(await decrypted()).toEqual(plain)
  })

  test('a recipient added', async () => {
    const recipient = new FaultyProvider({ name: 'second' })
    const cipher = new EnvelopeCipher({ provider: credentials.provider, recipients: [recipient] })
    for await (const rows of readEnvelopes(database.client, credentials.table)) {
      await rewrapRows(database.client, credentials.table, rows, cipher)
    }
    const { encryption_metadata } = await credentials.read(row.id)
    expect(encryption_metadata.wraps.map((wrap: any) => wrap.kek.provider)).toEqual(['fake', 'second'])
    const alone = new EnvelopeCipher({ provider: recipient })
    const opened = alone.open(metadataFromJson(encryption_metadata), bindingOf(credentials.table, { ...row }))
    await expect(opened).resolves.toBeDefined()
  })

  test('shredding, and a save of all fields afterwards', async () => {
    await credentials.update(row.id, { encryption_metadata: shreddedShape(row.encryption_metadata) })
    const { password, oauth } = await credentials.read(row.id)
    expect({ password, oauth }).toEqual({ password: row.password, oauth: row.oauth })
    await credentials.update(row.id, await renewal({ password: 'new', oauth: null }))
    expect(await decrypted()).toEqual({ password: 'new', oauth: null })
  })

  test('a changed context with all fields under a new data key', async () => {
    await credentials.update(row.id, { tenant_id: 'globex', ...(await renewal(plain, 'globex')) })
    expect(await decrypted()).toEqual(plain)
  })

  test('soft delete and recovery', async () => {
    await credentials.update(row.id, { deleted_at: '2026-11-22T21:00:00Z' })
    await credentials.update(row.id, { deleted_at: null })
    expect(await decrypted()).toEqual(plain)
  })

  test('INSERT … SELECT into a table without rows, as a copy of a table is made', async () => {
    const copy = await Credentials.create(database.client, {
      schema: `operations_${fieldType}`,
      table: 'copy',
      fieldType,
    })
    await database.client.query(`INSERT INTO ${copy.name} SELECT * FROM ${credentials.name}`)
    expect(await credentials.decrypt(await copy.read(row.id))).toEqual(plain)
    await database.client.query(`DROP TABLE ${copy.name}`)
  })

  test('COPY, as pg_restore loads it', async () => {
    await credentials.query('DELETE FROM {table} WHERE id = $1', [row.id])
    const columns = ['id', 'tenant_id', 'password', 'oauth', 'encryption_metadata'] as const
    await copyIn(
      database.client,
      `${credentials.name} (${columns})`,
      columns.map((column) => row[column]),
    )
    expect(await decrypted()).toEqual(plain)
  })

  test('DELETE and TRUNCATE', async () => {
    expect(await outcome(credentials.query('DELETE FROM {table} WHERE id = $1', [row.id]))).toBe('accepted')
    expect(await outcome(credentials.query('TRUNCATE {table}'))).toBe('accepted')
  })

  test('a field of 64 MiB, and an unrelated update of its row', async () => {
    const id = randomUUID()
    const { metadata } = await credentials.mint(id)
    const { commitment } = metadata
    // Made in the database: what is tested is the guard, not the driver.
    const largest =
      fieldType === 'text'
        ? `'ws1:' || $2 || ':' || repeat('Ab-_', 22369630) || $3`
        : `'\\x01'::bytea || decode(translate($2, '-_', '+/') || '=', 'base64') || decode(repeat('ab', 67108892 - 1) || $3, 'hex')`
    const insert = (end: string) =>
      credentials.query(
        `INSERT INTO {table} (id, tenant_id, password, encryption_metadata) VALUES ($1, 'acme', ${largest}, $4)`,
        [id, commitment, end, JSON.stringify(metadataToJson(metadata))],
      )
    expect(await outcome(insert(fieldType === 'text' ? 'AAAA' : 'abab'))).toBe('WX001')
    expect(await outcome(insert(fieldType === 'text' ? 'AAA' : 'ab'))).toBe('accepted')
    expect(await outcome(credentials.update(id, { name: 'renamed' }))).toBe('accepted')
    await credentials.query('DELETE FROM {table} WHERE id = $1', [id])
  })

  test('and the guard is what it was', async () => {
    expect(await checkGuard(database.client, credentials.table)).toEqual({ findings: [] })
  })
})
