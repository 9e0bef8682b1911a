import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { buildIndexesConcurrently } from '../../src/postgres/build-indexes.js'
import { checkGuard, type ProtectedTable } from '../../src/postgres/index.js'
import { SET_INDEX } from '../../src/postgres/set-index.js'
import { type FreshDatabase, freshDatabase } from '../setup/database.js'
import { install } from './credentials.js'

let database: FreshDatabase

beforeAll(async () => {
  database = await freshDatabase()
})
afterAll(() => database.drop())

const columns = { uuid: 'uuid', integer: 'bigint', text: 'varchar(40)' } as const

async function create(name: string, types: readonly (keyof typeof columns)[]): Promise<ProtectedTable> {
  const primaryKey = types.map((type, index) => ({ column: `Key "${index}"`, type }))
  const declared = types.map((type, index) => `"Key ""${index}""" ${columns[type]}`).join(', ')
  const keys = primaryKey.map(({ column }) => `"${column.replaceAll('"', '""')}"`).join(', ')
  await database.client.query(
    `CREATE TABLE ${name} (${declared}, field text, metadata jsonb NOT NULL DEFAULT '{}', PRIMARY KEY (${keys}))`,
  )
  const field = { column: 'field', type: 'text', id: 'x.field', kind: 'text' } as const
  return {
    entity: 'x',
    schema: 'public',
    table: name,
    primaryKey,
    row: primaryKey,
    metadata: 'metadata',
    fields: [field],
    context: [],
  }
}

async function indexNames(table: ProtectedTable): Promise<string[]> {
  const { rows } = await database.client.query(
    `SELECT relname FROM pg_class WHERE oid IN (${SET_INDEX.found(table, '$1::regclass')})`,
    [table.table],
  )
  return rows.map(({ relname }) => relname)
}

describe.each([
  ['off', ['uuid']],
  ['on', ['uuid']],
  ['off', ['integer', 'text']],
  ['on', ['text', 'uuid', 'integer']],
] as const)('with quote_all_identifiers = %s, and a primary key of %j', (quotes, types) => {
  const name = `keyed_${quotes}_${types.length}`
  let table: ProtectedTable

  beforeAll(async () => {
    table = await create(name, types)
    await database.client.query(`SET quote_all_identifiers = ${quotes}`)
  })

  test('the index is built once, and found', async () => {
    await install(database.client, table)
    await install(database.client, table)
    expect(await indexNames(table)).toHaveLength(1)
    expect(await checkGuard(database.client, table)).toEqual({ findings: [] })
  })

  test('it is on expressions only, which TypeORM does not see', async () => {
    const { rows } = await database.client.query(
      `SELECT indkey::int2[] AS columns FROM pg_index WHERE indexrelid IN (${SET_INDEX.found(table, '$1::regclass')})`,
      [name],
    )
    expect(rows).toEqual([{ columns: Array(types.length + 1).fill(0) }])
  })

  test('it is none of another key', async () => {
    expect(await indexNames({ ...table, primaryKey: table.primaryKey.slice(1) })).toEqual([])
  })
})

describe('built concurrently', () => {
  test('both indexes are there, and the guard is installed without building them again', async () => {
    const table = await create('concurrent', ['uuid'])
    await buildIndexesConcurrently(database.client, table)
    const before = await indexNames(table)
    expect(before).toHaveLength(1)
    expect((await checkGuard(database.client, table)).findings.map(({ code }) => code)).toEqual(['GUARD_MISSING'])
    await install(database.client, table)
    expect(await indexNames(table)).toEqual(before)
    expect(await checkGuard(database.client, table)).toEqual({ findings: [] })
  })

  test('what an attempt that failed has left behind is replaced', async () => {
    const table = await create('left_behind', ['uuid'])
    await buildIndexesConcurrently(database.client, table)
    await database.client.query(
      `UPDATE pg_index SET indisvalid = false WHERE indrelid = 'left_behind'::regclass AND NOT indisprimary`,
    )
    expect((await checkGuard(database.client, table)).findings.map(({ code }) => code)).toEqual([
      'GUARD_INDEX_MISSING',
      'GUARD_SET_INDEX_MISSING',
      'GUARD_MISSING',
    ])
    await buildIndexesConcurrently(database.client, table)
    expect((await checkGuard(database.client, table)).findings.map(({ code }) => code)).toEqual(['GUARD_MISSING'])
  })
})
