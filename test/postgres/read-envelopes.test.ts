import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { inKeyOrderSql } from '../../src/postgres/in-key-order.js'
import { type ProtectedTable, qualifiedName, readEnvelopes, type StoredRow } from '../../src/postgres/index.js'
import { storedRowColumns } from '../../src/postgres/stored-row.js'
import { type FreshDatabase, freshDatabase } from '../setup/database.js'

let database: FreshDatabase

beforeAll(async () => {
  database = await freshDatabase()
})
afterAll(() => database.drop())

const bound = (column: string, type: 'uuid' | 'integer' | 'text') => ({ column, type })
const table = (schema: string, primaryKey: ProtectedTable['primaryKey']): ProtectedTable => ({
  entity: 'credential',
  schema,
  table: 'credential',
  primaryKey,
  row: primaryKey,
  metadata: 'meta',
  fields: [{ column: 'password', type: 'text', id: 'credential.password', kind: 'text' }],
  context: [{ name: 'tenant', column: 'tenant', type: 'text' }],
})

const keys: [string, string, ProtectedTable['primaryKey'], string][] = [
  ['uuid', 'id uuid PRIMARY KEY', [bound('id', 'uuid')], 'gen_random_uuid()'],
  ['int8', 'id int8 PRIMARY KEY', [bound('id', 'integer')], 'n * 5000000000 - 3'],
  ['int4', 'id int4 PRIMARY KEY', [bound('id', 'integer')], '500 - n'],
  ['int2', 'id int2 PRIMARY KEY', [bound('id', 'integer')], 'n - 500'],
  ['text', 'id text PRIMARY KEY', [bound('id', 'text')], `md5(n::text) || E'''"\\\\,{}é'`],
  ['varchar', 'id varchar(60) PRIMARY KEY', [bound('id', 'text')], 'md5(n::text)'],
  [
    'collated',
    'id text COLLATE "en-x-icu" PRIMARY KEY',
    [bound('id', 'text')],
    `chr(65 + n % 26) || upper(md5(n::text))`,
  ],
  ['case_blind', 'id text COLLATE case_insensitive PRIMARY KEY', [bound('id', 'text')], 'md5(n::text)'],
  [
    'composite',
    'org uuid, slot varchar, n int, PRIMARY KEY (org, slot, n)',
    [bound('org', 'uuid'), bound('slot', 'text'), bound('n', 'integer')],
    `('00000000-0000-4000-8000-00000000000' || n % 5)::uuid, 'slot ' || n % 7, n`,
  ],
]

describe.each(keys)('by a primary key of %s', (name, columns, primaryKey, values) => {
  const declared = table(name, primaryKey)

  beforeAll(async () => {
    await database.client.query(`CREATE COLLATION IF NOT EXISTS case_insensitive
      (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`)
    await database.client.query(`CREATE SCHEMA ${name}`)
    await database.client.query(
      `CREATE TABLE ${name}.credential (${columns}, tenant text NOT NULL DEFAULT 'acme', password text, meta jsonb NOT NULL DEFAULT '{}')`,
    )
    const names = primaryKey.map(({ column }) => column)
    await database.client.query(
      `INSERT INTO ${name}.credential (${names}) SELECT ${values} FROM generate_series(1, 1003) n`,
    )
    await database.client.query(`ANALYZE ${name}.credential`)
  })

  async function read(options: Parameters<typeof readEnvelopes>[2]): Promise<(readonly StoredRow[])[]> {
    const batches: (readonly StoredRow[])[] = []
    for await (const batch of readEnvelopes(database.client, declared, options)) batches.push(batch)
    return batches
  }
  const keyOf = ({ primaryKey: key }: StoredRow) => JSON.stringify(key)

  test('every row is read once, in batches', async () => {
    const batches = await read({ batchSize: 100 })
    expect(batches.map(({ length }) => length)).toEqual([...Array(10).fill(100), 3])
    expect(new Set(batches.flat().map(keyOf)).size).toBe(1003)
  })

  test('reading goes on behind a key', async () => {
    const all = (await read({ batchSize: 400 })).flat()
    const rest = (await read({ batchSize: 400, after: all[600]!.primaryKey })).flat()
    expect(rest).toEqual(all.slice(601))
    expect(await read({ after: all.at(-1)!.primaryKey })).toEqual([])
  })

  test('a batch is found in the index of the primary key, without sorting', async () => {
    const [first] = await read({ batchSize: 501 })
    const after = first!.at(-1)!.primaryKey
    await database.client.query('SET enable_seqscan = off')
    const { rows } = await database.client.query(
      `EXPLAIN (FORMAT JSON) ${inKeyOrderSql(declared, storedRowColumns(declared), true)}`,
      [100, ...primaryKey.map(({ column }) => after[column])],
    )
    await database.client.query('RESET enable_seqscan')
    const [scan, ...others] = nodesOf(rows[0]['QUERY PLAN'][0].Plan).filter((node) => node['Node Type'] !== 'Limit')
    expect(others).toEqual([])
    expect(scan).toMatchObject({ 'Node Type': 'Index Scan', 'Index Name': 'credential_pkey' })
    // A filter would be tried on every row from the start.
    expect(scan?.['Index Cond']).toContain('>')
    expect(scan).not.toHaveProperty('Filter')
  })
})

function nodesOf(plan: Record<string, any>): Record<string, any>[] {
  return [plan, ...(plan.Plans ?? []).flatMap(nodesOf)]
}

test('a row comes with its binding and its metadata as Postgres prints it, and without its fields', async () => {
  await database.client.query(`CREATE SCHEMA one; CREATE TABLE one.credential
    (id uuid PRIMARY KEY, tenant text, password text, meta jsonb)`)
  const id = randomUUID()
  await database.client.query(`INSERT INTO one.credential VALUES ($1, 'acme', 'ws1:…', '{"b":1.50,"a":[]}')`, [id])
  const declared = table('one', [bound('id', 'uuid')])
  const { value } = await readEnvelopes(database.client, declared).next()
  expect(value).toEqual([{ primaryKey: { id }, bound: { id, tenant: 'acme' }, metadata: '{"a": [], "b": 1.50}' }])
  await database.client.query('UPDATE one.credential SET tenant = null, meta = null')
  const { value: nulls } = await readEnvelopes(database.client, declared).next()
  expect(nulls).toEqual([{ primaryKey: { id }, bound: { id, tenant: null }, metadata: 'null' }])
})

test('an empty table gives no batch', async () => {
  await database.client.query(
    `CREATE SCHEMA none; CREATE TABLE none.credential (id uuid PRIMARY KEY, tenant text, meta jsonb)`,
  )
  const declared = table('none', [bound('id', 'uuid')])
  expect(qualifiedName(declared)).toBe('"none"."credential"')
  expect(await readEnvelopes(database.client, declared).next()).toEqual({ done: true, value: undefined })
})

test.each([
  ['a batch of no rows', { batchSize: 0 }],
  ['half a row', { batchSize: 1.5 }],
  ['an unknown option', { size: 10 }],
  ['a key without its column', { after: { other: '1' } }],
])('%s is refused', async (_name, options) => {
  const declared = table('uuid', [bound('id', 'uuid')])
  await expect(readEnvelopes(database.client, declared, options as any).next()).rejects.toMatchObject({
    code: 'ERR_CONFIGURATION',
  })
})
