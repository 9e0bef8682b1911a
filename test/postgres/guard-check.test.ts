import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import pg from 'pg'
import { assertGuard, checkGuard, type ProtectedTable } from '../../src/postgres/index.js'
import { type FreshDatabase, freshDatabase } from '../setup/database.js'
import { Credentials, install, outcome } from './credentials.js'

let database: FreshDatabase
let schemas = 0

beforeAll(async () => {
  database = await freshDatabase()
})
afterAll(() => database.drop())

const create = (options: { guarded?: boolean } = {}) => {
  return Credentials.create(database.client, { schema: `check_${schemas++}`, ...options })
}

async function findings(table: ProtectedTable) {
  return (await checkGuard(database.client, table)).findings
}
const codes = async (table: ProtectedTable) => (await findings(table)).map(({ code }) => code)

test('a table as it has to be gives no finding', async () => {
  const { table } = await create()
  expect(await findings(table)).toEqual([])
})

test('a table that is not there', async () => {
  const { table } = await create()
  expect(await codes({ ...table, table: 'other' })).toEqual(['TABLE_MISSING'])
})

test('a table without a guard, and the error that says how to install it', async () => {
  const { table } = await create({ guarded: false })
  expect(await codes(table)).toEqual(['GUARD_INDEX_MISSING', 'GUARD_SET_INDEX_MISSING', 'GUARD_MISSING'])
  const asserted = assertGuard(database.client, table)
  await expect(asserted).rejects.toMatchObject({
    code: 'ERR_CONFIGURATION',
    message: expect.stringMatching(/GUARD_MISSING.*addEncryptionGuard.*waxseal guard sql/),
  })
})

describe('of the columns', () => {
  const changes: [string, string, string][] = [
    ['metadata that may be null', 'ALTER encryption_metadata DROP NOT NULL', 'METADATA_COLUMN'],
    ['metadata without a default', 'ALTER encryption_metadata DROP DEFAULT', 'METADATA_COLUMN'],
    ['metadata of another default', `ALTER encryption_metadata SET DEFAULT '{"format": 1}'`, 'METADATA_COLUMN'],
    [
      'metadata of another type',
      'ALTER encryption_metadata DROP DEFAULT, ALTER encryption_metadata TYPE json',
      'METADATA_COLUMN',
    ],
    ['a field of limited length', 'ALTER password TYPE varchar(100)', 'FIELD_COLUMN'],
    ['a field of another type', 'ALTER password TYPE bytea USING null', 'FIELD_COLUMN'],
    ['a field with a default', `ALTER password SET DEFAULT 'hunter2'`, 'FIELD_COLUMN'],
    ['a field without a column', 'DROP password', 'FIELD_COLUMN'],
    ['a context column that may be null', 'ALTER tenant_id DROP NOT NULL', 'BOUND_COLUMN'],
    ['a context column of another type', 'ALTER tenant_id TYPE timestamptz USING now()', 'BOUND_COLUMN'],
    ['a primary key of another type', 'ALTER id TYPE text', 'BOUND_COLUMN'],
  ]

  test.each(changes)('%s', async (_name, change, code) => {
    const { table, name } = await create({ guarded: false })
    await database.client.query(`ALTER TABLE ${name} ${change}`)
    expect(await codes(table)).toContain(code)
  })

  test('varchar without a length is as good as text', async () => {
    const credentials = await create({ guarded: false })
    await credentials.query('ALTER TABLE {table} ALTER password TYPE varchar, ALTER tenant_id TYPE varchar(50)')
    await install(database.client, credentials.table)
    expect(await findings(credentials.table)).toEqual([])
    const { id } = await credentials.insert({ password: 'x' })
    expect(await outcome(credentials.update(id, { password: 'hunter2' }))).toBe('WX001')
    expect(await outcome(credentials.update(id, { tenant_id: 'globex' }))).toBe('WX003')
  })
})

describe('of the triggers', () => {
  const tampering: [string, string, string][] = [
    ['one is gone', 'DROP TRIGGER waxseal_wx004_update ON {table}', 'GUARD_MISSING'],
    ['one is disabled', 'ALTER TABLE {table} DISABLE TRIGGER waxseal_wx001_update', 'GUARD_NOT_ALWAYS'],
    ['one fires for local writes only', 'ALTER TABLE {table} ENABLE TRIGGER waxseal_wx001_update', 'GUARD_NOT_ALWAYS'],
    [
      'one fires for replicated rows only',
      'ALTER TABLE {table} ENABLE REPLICA TRIGGER waxseal_wx005_insert',
      'GUARD_NOT_ALWAYS',
    ],
    [
      'what pg_restore --disable-triggers leaves',
      'ALTER TABLE {table} DISABLE TRIGGER ALL; ALTER TABLE {table} ENABLE TRIGGER ALL',
      'GUARD_NOT_ALWAYS',
    ],
    [
      'one looks at some columns only',
      trigger('AFTER UPDATE OF password', 'FOR EACH ROW WHEN (NEW.password IS NULL)'),
      'GUARD_OUTDATED',
    ],
    ['one has no condition', trigger('AFTER UPDATE', 'FOR EACH ROW'), 'GUARD_OUTDATED'],
    ['one fires before', trigger('BEFORE UPDATE', 'FOR EACH ROW WHEN (NEW.password IS NULL)'), 'GUARD_OUTDATED'],
    ['one fires for statements', trigger('AFTER UPDATE', 'FOR EACH STATEMENT'), 'GUARD_OUTDATED'],
    [
      'the function does nothing',
      `CREATE OR REPLACE FUNCTION {schema}.waxseal_refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'`,
      'GUARD_OUTDATED',
    ],
    ['the index is gone', 'DO $$ BEGIN EXECUTE {index}; END $$', 'GUARD_INDEX_MISSING'],
    ['the index on the KEKs is gone', 'DO $$ BEGIN EXECUTE {set index}; END $$', 'GUARD_SET_INDEX_MISSING'],
  ]

  function trigger(when: string, rest: string): string {
    return `DO $$ BEGIN
      EXECUTE (SELECT format('DROP TRIGGER waxseal_wx001_update ON {table};
        CREATE TRIGGER waxseal_wx001_update ${when} ON {table} ${rest}
        EXECUTE FUNCTION {schema}.waxseal_refuse(%s);
        ALTER TABLE {table} ENABLE ALWAYS TRIGGER waxseal_wx001_update',
        (SELECT string_agg(quote_literal(arg), ', ' ORDER BY place)
          FROM unnest(trim_array(args, 1)) WITH ORDINALITY AS own (arg, place)))
      FROM (SELECT string_to_array(encode(tgargs, 'escape'), '\\000') AS args FROM pg_trigger
        WHERE tgrelid = '{table}'::regclass AND tgname = 'waxseal_wx001_update') found); END $$`
  }

  test.each(tampering)('%s: found, and mended by installing again', async (_name, statement, code) => {
    const { table, name } = await create()
    const index = (unique: boolean) =>
      `(SELECT 'DROP INDEX ' || indexrelid::regclass FROM pg_index WHERE indrelid = '${name}'::regclass
        AND NOT indisprimary AND indisunique = ${unique})`
    const damage = statement.replaceAll('{index}', index(true)).replaceAll('{set index}', index(false))
    await database.client.query(damage.replaceAll('{table}', name).replaceAll('{schema}', `"${table.schema}"`))
    expect(await codes(table)).toEqual([code])
    await install(database.client, table)
    expect(await findings(table)).toEqual([])
  })

  test('triggers that were disabled for a load let everything in, and the finding names what to look for', async () => {
    const credentials = await create()
    await credentials.query('ALTER TABLE {table} DISABLE TRIGGER ALL')
    const { id } = await credentials.insert({ password: 'x' })
    expect(await outcome(credentials.update(id, { password: 'hunter2' }))).toBe('accepted')
    await credentials.query('ALTER TABLE {table} ENABLE TRIGGER ALL')
    const [finding] = await findings(credentials.table)
    expect(finding).toMatchObject({
      code: 'GUARD_NOT_ALWAYS',
      message: expect.stringContaining('pg_restore --disable-triggers'),
      remedy: expect.stringContaining('waxseal doctor'),
    })
  })

  const replaced = (index: string) => `DO $$ BEGIN EXECUTE {index}; END $$; CREATE UNIQUE INDEX ON {table} ${index}`
  const indexes: [string, string][] = [
    ['that is not unique', 'UPDATE pg_index SET indisunique = false WHERE indexrelid = {oid}'],
    ['that was left invalid', 'UPDATE pg_index SET indisvalid = false WHERE indexrelid = {oid}'],
    ['of some rows only', replaced(`((encryption_metadata ->> 'id')) WHERE tenant_id = 'acme'`)],
    ['of the envelope id and more', replaced(`((encryption_metadata ->> 'id'), tenant_id)`)],
    ['of something else', replaced(`((encryption_metadata ->> 'commitment'))`)],
  ]

  test.each(indexes)('an index %s does not count', async (_name, statement) => {
    const { table, name } = await create()
    const oid = `(SELECT indexrelid FROM pg_index WHERE indrelid = '${name}'::regclass AND indisunique AND NOT indisprimary)`
    const index = `(SELECT 'DROP INDEX ' || ${oid}::regclass)`
    await database.client.query(
      statement.replaceAll('{table}', name).replaceAll('{oid}', oid).replaceAll('{index}', index),
    )
    expect(await codes(table)).toEqual(['GUARD_INDEX_MISSING'])
  })
})

describe('of the logical names', () => {
  const rename = (table: ProtectedTable, column: string, id: string): ProtectedTable => ({
    ...table,
    fields: table.fields.map((field) => (field.column === column ? { ...field, id } : field)),
  })

  const declarations: [string, (table: ProtectedTable) => ProtectedTable, string][] = [
    ['another entity', (table) => ({ ...table, entity: 'secret' }), `set entity: 'credential'`],
    ['another id', (table) => rename(table, 'password', 'credential.pass'), `set id: 'credential.password'`],
    [
      'another kind',
      (table) => ({ ...table, fields: table.fields.map((field) => ({ ...field, kind: 'text' })) }),
      `as: 'json' for column "oauth"`,
    ],
    ['no pair', (table) => ({ ...table, context: [] }), 'tenant (column "tenant_id")'],
    [
      'a pair more',
      (table) => ({ ...table, context: [...table.context, { name: 'org', column: 'name', type: 'text' }] }),
      'tenant (column "tenant_id")',
    ],
    [
      'another name of a pair',
      (table) => ({ ...table, context: [{ ...table.context[0]!, name: 'org' }] }),
      'tenant (column "tenant_id")',
    ],
    [
      'another column of a pair',
      (table) => ({ ...table, context: [{ ...table.context[0]!, column: 'name' }] }),
      'tenant (column "tenant_id")',
    ],
    ['an unbound row', (table) => ({ ...table, row: [] }), 'bind to the primary key "id"'],
  ]

  test.each(declarations)('%s is refused, naming what to set', async (_name, change, remedy) => {
    const { table, name } = await create()
    await database.client.query(`ALTER TABLE ${name} ALTER name SET NOT NULL`)
    const found = await findings(change(table))
    expect(found.map(({ code }) => code)).toEqual(['GUARD_OTHER_NAMES'])
    expect(found[0]?.remedy).toContain(remedy)
    await expect(assertGuard(database.client, change(table))).rejects.toThrow(remedy)
  })

  test('a bound row where it was not is refused', async () => {
    const { table } = await create({ guarded: false })
    await install(database.client, { ...table, row: [] })
    const [finding] = await findings(table)
    expect(finding).toMatchObject({ code: 'GUARD_OTHER_NAMES', remedy: 'set bindRow: false' })
  })

  test('another order of a composite key is refused', async () => {
    const { table, name } = await create({ guarded: false })
    await database.client.query(`ALTER TABLE ${name} ALTER name SET NOT NULL`)
    const row = [
      { column: 'id', type: 'uuid' },
      { column: 'name', type: 'text' },
    ] as const
    await install(database.client, { ...table, row })
    const found = await findings({ ...table, row: row.toReversed() })
    expect(found).toMatchObject([{ code: 'GUARD_OTHER_NAMES', remedy: expect.stringContaining('"id", "name"') }])
  })

  test('a renamed column is outdated with its id fixed, and refused with another one', async () => {
    const { table, name } = await create()
    await database.client.query(`ALTER TABLE ${name} RENAME password TO pass`)
    const renamed = (id: string) => ({
      ...table,
      fields: table.fields.map((field) => (field.column === 'password' ? { ...field, column: 'pass', id } : field)),
    })
    expect(await codes(renamed('credential.password'))).toEqual(['GUARD_OUTDATED'])
    const found = await findings(renamed('credential.pass'))
    expect(found).toMatchObject([
      { code: 'GUARD_OTHER_NAMES', remedy: expect.stringContaining(`'credential.password'`) },
    ])
  })

  test('renamed bound columns are outdated and no more', async () => {
    const { table, name } = await create()
    await database.client.query(`ALTER TABLE ${name} RENAME tenant_id TO tenant; ALTER TABLE ${name} RENAME id TO uid`)
    const renamed: ProtectedTable = {
      ...table,
      primaryKey: [{ column: 'uid', type: 'uuid' }],
      row: [{ column: 'uid', type: 'uuid' }],
      context: [{ name: 'tenant', column: 'tenant', type: 'text' }],
    }
    expect(await codes(renamed)).toEqual(['GUARD_OUTDATED'])
  })

  test('a field more or less is outdated and no more', async () => {
    const { table } = await create()
    expect(await codes({ ...table, fields: table.fields.slice(1) })).toEqual(['GUARD_OUTDATED'])
    const less = await create({ guarded: false })
    await install(database.client, { ...less.table, fields: less.table.fields.slice(1) })
    expect(await codes(less.table)).toEqual(['GUARD_OUTDATED'])
  })

  test('a field in the place of one that is declared no more, whose column stays, is outdated and no more', async () => {
    const { table } = await create()
    const added = { column: 'name', type: 'text', id: 'credential.name', kind: 'text' } as const
    expect(await codes({ ...table, fields: [table.fields[0]!, added] })).toEqual(['GUARD_OUTDATED'])
  })

  test('names beyond ASCII are read back from a database of another encoding', async () => {
    await database.client.query(`CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0`)
    const url = new URL(database.url)
    url.pathname = '/latin'
    const client = new pg.Client({ connectionString: url.href })
    await client.connect()
    try {
      const { table } = await Credentials.create(client, { guarded: false })
      const named = { ...table, entity: 'größe' }
      await install(client, named)
      expect(await checkGuard(client, named)).toEqual({ findings: [] })
    } finally {
      await client.end()
      await database.client.query('DROP DATABASE latin')
    }
  })

  test('a renamed table keeps its guard', async () => {
    const { table, name } = await create()
    await database.client.query(`ALTER TABLE ${name} RENAME TO other`)
    expect(await findings({ ...table, table: 'other' })).toEqual([])
  })
})
