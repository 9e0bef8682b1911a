import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { metadataToJson } from '../../src/index.js'
import type { ProtectedTable } from '../../src/postgres/index.js'
import { type FreshDatabase, freshDatabase } from '../setup/database.js'
import { Credentials, install, outcome, shreddedShape, wrappedShape } from './credentials.js'

let database: FreshDatabase

beforeAll(async () => {
  database = await freshDatabase()
  await database.client.query(
    `CREATE COLLATION case_insensitive (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`,
  )
})
afterAll(() => database.drop())

describe.each([undefined, 'case_insensitive'])('a bound row, collation %s', (collation) => {
  let credentials: Credentials

  beforeAll(async () => {
    const schema = `binding_${collation ?? 'default'}`
    credentials = await Credentials.create(database.client, { schema, ...(collation && { collation }) })
  })

  test('keeps its primary key', async () => {
    const { id } = await credentials.insert({ password: 'x' })
    expect(await outcome(credentials.update(id, { id: randomUUID() }))).toBe('WX003')
  })

  test.each(['globex', 'ACME', 'acme ', ''])('keeps its context: "acme" to "%s" is refused', async (tenant_id) => {
    const { id } = await credentials.insert({ password: 'x' }, 'acme')
    expect(await outcome(credentials.update(id, { tenant_id }))).toBe('WX003')
  })

  test('keeps its context in the statement that rewraps', async () => {
    const { id, encryption_metadata } = await credentials.insert({ password: 'x' })
    const rewrapped = { ...encryption_metadata, wrap: 2 }
    const changes = { tenant_id: 'globex', encryption_metadata: rewrapped }
    expect(await outcome(credentials.update(id, changes))).toBe('WX003')
  })

  test('moves with a new envelope for all of its fields', async () => {
    const { id } = await credentials.insert({ password: 'x', oauth: 'y' })
    const next = await credentials.mint(id, 'globex')
    const changes = {
      tenant_id: 'globex',
      password: credentials.encrypt(next, 'password', 'x'),
      oauth: credentials.encrypt(next, 'oauth', 'y'),
      encryption_metadata: metadataToJson(next.metadata),
    }
    expect(await outcome(credentials.update(id, changes))).toBe('accepted')
    expect(await credentials.decrypt(await credentials.read(id))).toEqual({ password: 'x', oauth: 'y' })
  })

  test('moves when it has no envelope, and when it is shredded', async () => {
    const id = randomUUID()
    await credentials.insertStored(id, 'acme', [], {})
    expect(await outcome(credentials.update(id, { tenant_id: 'globex' }))).toBe('accepted')
    const row = await credentials.insert({ password: 'x' })
    await credentials.update(row.id, { encryption_metadata: shreddedShape(row.encryption_metadata) })
    expect(await outcome(credentials.update(row.id, { tenant_id: 'globex' }))).toBe('accepted')
  })

  test('may change what it is not bound to', async () => {
    const { id } = await credentials.insert({ password: 'x' })
    expect(await outcome(credentials.update(id, { name: 'renamed' }))).toBe('accepted')
  })
})

describe('a composite primary key', () => {
  async function create(schema: string, row: ProtectedTable['row']) {
    await database.client.query(`CREATE SCHEMA ${schema}`)
    await database.client.query(`CREATE TABLE ${schema}.credential (
      org int, slot varchar(20), tenant_id text NOT NULL, password text,
      encryption_metadata jsonb NOT NULL DEFAULT '{}', PRIMARY KEY (org, slot))`)
    const table: ProtectedTable = {
      entity: 'credential',
      schema,
      table: 'credential',
      primaryKey: [
        { column: 'org', type: 'integer' },
        { column: 'slot', type: 'text' },
      ],
      row,
      metadata: 'encryption_metadata',
      fields: [{ column: 'password', type: 'text', id: 'credential.password', kind: 'text' }],
      context: [{ name: 'tenant', column: 'tenant_id', type: 'text' }],
    }
    await install(database.client, table)
    await database.client.query(`INSERT INTO ${schema}.credential VALUES (1, 'main', 'acme', null, $1)`, [
      JSON.stringify(wrappedShape()),
    ])
    return (assignment: string) => outcome(database.client.query(`UPDATE ${schema}.credential SET ${assignment}`))
  }

  test('is bound in each of its parts', async () => {
    const set = await create('composite_bound', [
      { column: 'org', type: 'integer' },
      { column: 'slot', type: 'text' },
    ])
    expect(await set('org = 2')).toBe('WX003')
    expect(await set(`slot = 'Main'`)).toBe('WX003')
    expect(await set(`slot = 'main'`)).toBe('accepted')
  })

  test('may change in the parts that are not bound, the context may not', async () => {
    const set = await create('composite_free', [])
    expect(await set(`org = 2, slot = 'other'`)).toBe('accepted')
    expect(await set(`tenant_id = 'globex'`)).toBe('WX003')
  })
})
