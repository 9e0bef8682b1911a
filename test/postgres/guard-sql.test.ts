import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import pg from 'pg'
import { assertGuard, checkGuard, guardSql, type ProtectedTable } from '../../src/postgres/index.js'
import { type FreshDatabase, freshDatabase } from '../setup/database.js'
import { Credentials, install, outcome, remove } from './credentials.js'

let database: FreshDatabase

beforeAll(async () => {
  database = await freshDatabase()
})
afterAll(() => database.drop())

/** Everything in the catalog that an installation could leave behind. */
async function objects(): Promise<unknown[]> {
  const { rows } = await database.client.query(`
    SELECT 'function' AS kind, proname AS name, pronamespace::regnamespace::text AS place FROM pg_proc
      WHERE pronamespace::regnamespace::text !~ '^(pg_|information_schema)'
    UNION ALL SELECT 'trigger', tgname, tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT 'index', indexrelid::regclass::text, indrelid::regclass::text FROM pg_index
      WHERE indrelid::regclass::text !~ '^pg_'
    ORDER BY 1, 2, 3`)
  return rows
}

describe.each([
  ['plain', 'credential'],
  ['We"ird', 'we"ird'],
  ["o'clock", "o'clock"],
  ['Größe', 'naïve 👍'],
  ['back\\slash', 'back\\slash'],
  ['$waxseal$', 'a$waxseal$b $waxseal1$'],
  ['%I %s', '%I %s'],
  ['select', 'table'],
  ['s'.repeat(63), 't'.repeat(63)],
])('schema %j, table %j', (schema, name) => {
  let credentials: Credentials
  let before: unknown[]

  beforeAll(async () => {
    credentials = await Credentials.create(database.client, { schema, table: name, guarded: false })
    before = await objects()
  })

  test('is guarded by the statements, and by the same statements again', async () => {
    await install(database.client, credentials.table)
    const once = await objects()
    await install(database.client, credentials.table)
    expect(await objects()).toEqual(once)
    await expect(assertGuard(database.client, credentials.table)).resolves.toBeUndefined()
    const { id } = await credentials.insert({ password: 'x' })
    const error = await credentials.update(id, { password: 'hunter2' }).catch((caught) => caught)
    expect(error).toMatchObject({ code: 'WX001', schema, table: name })
    expect(error.message).toContain(', table ')
  })

  test('is rid of everything again', async () => {
    await remove(database.client, credentials.table)
    expect(await objects()).toEqual(before)
    await remove(database.client, credentials.table)
    expect(await objects()).toEqual(before)
  })
})

test.each(['off', 'on'])('names may be anything, with quote_all_identifiers = %s', async (quotes) => {
  await database.client.query(`SET quote_all_identifiers = ${quotes}`)
  const columns = { id: 'Id "1"', tenant: "ten'ant", field: '$waxseal$ %I \\', metadata: 'Größe "m" %s' }
  const quoted = Object.values(columns).map(pg.escapeIdentifier)
  await database.client.query(`CREATE TABLE "o'dd" (${quoted[0]} bigint PRIMARY KEY, ${quoted[1]} uuid NOT NULL,
    ${quoted[2]} text, ${quoted[3]} jsonb NOT NULL DEFAULT '{}')`)
  const table: ProtectedTable = {
    entity: 'größe "x" \'',
    schema: 'public',
    table: "o'dd",
    primaryKey: [{ column: columns.id, type: 'integer' }],
    row: [],
    metadata: columns.metadata,
    fields: [{ column: columns.field, type: 'text', id: "größe.\u2028 👍 ' \\", kind: 'text' }],
    context: [{ name: 'tenant', column: columns.tenant, type: 'uuid' }],
  }
  for (let turn = 0; turn < 2; turn++) expect(await outcome(install(database.client, table))).toBe('accepted')
  expect(await checkGuard(database.client, table)).toEqual({ findings: [] })
  const inserted = database.client.query(`INSERT INTO "o'dd" VALUES (1, gen_random_uuid(), 'hunter2')`)
  expect(await outcome(inserted)).toBe('WX001')
  await remove(database.client, table)
  await database.client.query(`DROP TABLE "o'dd"; RESET quote_all_identifiers`)
})

test('the statements run in one transaction, and are undone with it', async () => {
  const { table } = await Credentials.create(database.client, { schema: 'transaction', guarded: false })
  const before = await objects()
  await database.client.query('BEGIN')
  await install(database.client, table)
  await database.client.query('ROLLBACK')
  expect(await objects()).toEqual(before)
})

test('two installations in one schema at the same time wait for each other', async () => {
  const one = await Credentials.create(database.client, { schema: 'parallel', table: 'one', guarded: false })
  const two = await Credentials.create(database.client, { schema: 'parallel', table: 'two', guarded: false })
  const other = new pg.Client({ connectionString: database.url })
  await other.connect()
  try {
    const [{ pid }] = (await other.query('SELECT pg_backend_pid() AS pid')).rows
    await Promise.all([database.client.query('BEGIN'), other.query('BEGIN')])
    await install(database.client, one.table)
    const second = outcome(install(other, two.table).then(() => other.query('COMMIT')))
    const waits = () => database.client.query('SELECT cardinality(pg_blocking_pids($1)) AS blockers', [pid])
    while ((await waits()).rows[0].blockers === 0);
    await database.client.query('COMMIT')
    expect(await second).toBe('accepted')
  } finally {
    await other.end()
  }
  for (const { table } of [one, two]) expect(await checkGuard(database.client, table)).toEqual({ findings: [] })
})

test('two tables of a schema share the function, and the last one takes it away', async () => {
  const one = await Credentials.create(database.client, { schema: 'shared', table: 'one' })
  const two = await Credentials.create(database.client, { schema: 'shared', table: 'two' })
  await remove(database.client, one.table)
  expect(await checkGuard(database.client, two.table)).toEqual({ findings: [] })
  const { id } = await two.insert({ password: 'x' })
  expect(await outcome(two.update(id, { password: 'hunter2' }))).toBe('WX001')
  await remove(database.client, two.table)
  const { rows } = await database.client.query(`SELECT FROM pg_proc WHERE pronamespace = 'shared'::regnamespace`)
  expect(rows).toEqual([])
})

test('the index stays one after the table was renamed, and a new table of the old name gets its own', async () => {
  const old = await Credentials.create(database.client, { schema: 'renamed' })
  await old.query('ALTER TABLE {table} RENAME TO former')
  const former = { ...old.table, table: 'former' }
  expect(await checkGuard(database.client, former)).toEqual({ findings: [] })
  await install(database.client, former)
  const indexes = async () => {
    const { rows } = await database.client.query(`SELECT FROM pg_index WHERE indrelid = 'renamed.former'::regclass`)
    return rows.length
  }
  expect(await indexes()).toBe(3)
  const { table } = await Credentials.create(database.client, { schema: 'renamed' })
  expect(await checkGuard(database.client, table)).toEqual({ findings: [] })
  await remove(database.client, former)
  expect(await indexes()).toBe(1)
})

test('an index of somebody else on the same expression serves, and stays', async () => {
  const { table, name } = await Credentials.create(database.client, { schema: 'own_index', guarded: false })
  await database.client.query(`CREATE UNIQUE INDEX mine ON ${name} ((encryption_metadata ->> 'id'))`)
  await install(database.client, table)
  expect(await checkGuard(database.client, table)).toEqual({ findings: [] })
  await remove(database.client, table)
  const { rows } = await database.client.query(`SELECT indexrelid::regclass::text AS name FROM pg_index
    WHERE indrelid = 'own_index.credential'::regclass AND NOT indisprimary`)
  expect(rows).toEqual([{ name: 'own_index.mine' }])
})

describe('is refused with a message on', () => {
  const tables: [string, string][] = [
    ['a partitioned table', `CREATE TABLE credential (LIKE template) PARTITION BY HASH (tenant_id)`],
    [
      'a partition',
      `CREATE TABLE parent (LIKE template) PARTITION BY HASH (tenant_id);
       CREATE TABLE credential PARTITION OF parent FOR VALUES WITH (modulus 1, remainder 0)`,
    ],
    ['a table with children', `CREATE TABLE credential (LIKE template); CREATE TABLE child () INHERITS (credential)`],
    ['a view', `CREATE VIEW credential AS SELECT * FROM template`],
  ]

  test.each(tables)('%s', async (_name, statement) => {
    const { table, name } = await Credentials.create(database.client, {
      schema: 'template',
      table: 'template',
      guarded: false,
    })
    const other = { ...table, table: 'credential' }
    try {
      await database.client.query(`SET search_path = template; ${statement}`)
      const error = await install(database.client, other).catch((caught) => caught)
      expect(error).toMatchObject({ code: '0A000', message: expect.stringContaining('ordinary table') })
      const { findings } = await checkGuard(database.client, other)
      expect(findings.map(({ code }) => code)).toContain('TABLE_NOT_ORDINARY')
    } finally {
      await database.client.query(`RESET search_path; DROP SCHEMA template CASCADE`)
    }
    expect(name).toBe('"template"."template"')
  })
})

test('the statements are the same for the same declaration', async () => {
  const { table } = await Credentials.create(database.client, { schema: 'same', guarded: false })
  expect(guardSql(table)).toEqual(guardSql(structuredClone(table)))
})
