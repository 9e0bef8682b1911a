import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { estimateRows } from '../../src/postgres/estimate-rows.js'
import {
  kekSetsSql,
  keyBehind,
  keyBehindSql,
  listKekSets,
  readByIndex,
  readKekSet,
  readKekSetSql,
} from '../../src/postgres/kek-sets.js'
import { type FreshDatabase, freshDatabase } from '../setup/database.js'
import { Credentials, shreddedShape, wrappedShape } from './credentials.js'

const ROWS = 20_000

let database: FreshDatabase
let credentials: Credentials
let hashes: Record<string, string>

/** Nine of ten rows are under one KEK, which has to be found among them without reading them. */
beforeAll(async () => {
  database = await freshDatabase()
  credentials = await Credentials.create(database.client, { guarded: true })
  const { table, name } = credentials
  await credentials.query('ALTER TABLE {table} DISABLE TRIGGER ALL')
  const shape = wrappedShape()
  await database.client.query(
    `INSERT INTO ${name} (id, tenant_id, encryption_metadata)
      SELECT gen_random_uuid(), 'acme', jsonb_set($1::jsonb, '{id}', to_jsonb(n::text))
        || jsonb_build_object('wraps', jsonb_build_array(jsonb_set($1 #> '{wraps,0}', '{kek,version}', to_jsonb(CASE WHEN n % 10 = 0 THEN '1' ELSE '2' END))))
      FROM generate_series(1, $2::int) AS n`,
    [JSON.stringify(shape), ROWS],
  )
  const shredded = wrappedShape()
  await credentials.insertStored(randomUUID(), 'acme', [], {})
  await credentials.insertStored(randomUUID(), 'acme', [], shreddedShape(shredded))
  const sets = await listKekSets(database.client, table)
  hashes = Object.fromEntries(
    sets.map(({ hash, sample }) => [JSON.parse(sample.metadata).wraps?.[0].kek.version ?? 'none', hash]),
  )
})
afterAll(() => database.drop())

async function planOf({ text, values = [] }: { text: string; values?: unknown[] }): Promise<string> {
  await database.client.query('BEGIN')
  await readByIndex(database.client)
  const { rows } = await database.client.query(`EXPLAIN ${text}`, values)
  await database.client.query('ROLLBACK')
  return rows.map((row) => row['QUERY PLAN']).join('\n')
}

test('the sets are those of KEK refs, and one of what has none', () => {
  expect(Object.keys(hashes).sort()).toEqual(['1', '2', 'none'])
})

test('a set is read in the order of its keys, from one key to another', async () => {
  const { client } = database
  const range = { hash: hashes['1']! }
  const all = (await readKekSet(client, credentials.table, range, ROWS)).map(({ primaryKey }) => primaryKey['id']!)
  expect(all).toHaveLength(ROWS / 10)
  expect(all).toEqual([...all].sort())
  const until = await keyBehind(client, credentials.table, range, 5)
  expect(until).toEqual([all[4]])
  const part = await readKekSet(client, credentials.table, { ...range, after: [all[1]!], until }, ROWS)
  expect(part.map(({ primaryKey }) => primaryKey['id'])).toEqual(all.slice(2, 5))
  expect(await keyBehind(client, credentials.table, { ...range, after: [all.at(-3)!] }, 3)).toBeUndefined()
})

describe.each(['before', 'after'])('no statement reads more of the table than it returns, %s ANALYZE', (when) => {
  beforeAll(async () => {
    if (when === 'after') await credentials.query('ANALYZE {table}')
  })

  const range = () => ({ hash: hashes['2']!, after: [randomUUID()], until: [randomUUID()] })
  const statements = {
    'the list of sets': () => ({ text: kekSetsSql(credentials.table) }),
    'rows of a set': () => readKekSetSql(credentials.table, range(), 1_000),
    'the first rows of a set': () => readKekSetSql(credentials.table, { hash: hashes['2']! }, 1_000),
    'the key at a distance': () => keyBehindSql(credentials.table, range(), 10_000),
  }
  test.each(Object.keys(statements) as (keyof typeof statements)[])('%s', async (name) => {
    const plan = await planOf(statements[name]())
    expect(plan).toMatch(/Index (Only )?Scan using waxseal_set_\d+ on credential/)
    expect(plan).not.toMatch(/Seq Scan on credential|Sort|Bitmap/)
  })
})

test('the planner estimates how many rows a set has', async () => {
  await credentials.query('ANALYZE {table}')
  const estimated = await estimateRows(database.client, credentials.table, [hashes['1']!])
  expect(estimated).toBeGreaterThan(ROWS / 20)
  expect(estimated).toBeLessThan(ROWS / 5)
  expect(await estimateRows(database.client, credentials.table, [])).toBe(0)
})
