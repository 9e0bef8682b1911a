import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { expectNoTrace, type FreshDatabase, findTraces, freshDatabase } from '../setup/database.js'
import { copyIn } from './copy-in.js'
import { Credentials, outcome, type Row } from './credentials.js'

let database: FreshDatabase
let credentials: Credentials
let row: Row

beforeAll(async () => {
  database = await freshDatabase()
  credentials = await Credentials.create(database.client)
})
afterAll(() => database.drop())

/** A plaintext that only the database computes: what it prints of it, it has printed by itself. */
let canary: string
let canarySql: string

beforeEach(async () => {
  row = await credentials.insert({ password: 'hunter2', oauth: 'token' })
  const seed = randomBytes(16).toString('hex')
  canary = createHash('md5').update(seed).digest('hex')
  canarySql = `md5('${seed}')`
})

describe('plaintext is refused, and neither stored nor printed, when it comes by', () => {
  const id = () => `'${row.id}'`
  const ways: [string, () => string][] = [
    ['UPDATE', () => `UPDATE {table} SET password = ${canarySql} WHERE id = ${id()}`],
    ['UPDATE of all rows', () => `UPDATE {table} SET oauth = ${canarySql}`],
    ['INSERT', () => `INSERT INTO {table} (id, tenant_id, password) VALUES (gen_random_uuid(), 'acme', ${canarySql})`],
    [
      'INSERT … SELECT',
      () =>
        `INSERT INTO {table} (id, tenant_id, password) SELECT gen_random_uuid(), tenant_id, ${canarySql} FROM {table}`,
    ],
    [
      'INSERT … ON CONFLICT DO UPDATE',
      () => `INSERT INTO {table} (id, tenant_id) VALUES (${id()}, 'acme')
        ON CONFLICT (id) DO UPDATE SET password = ${canarySql}`,
    ],
    [
      'MERGE',
      () => `MERGE INTO {table} USING (SELECT ${id()}::uuid AS id) s ON s.id = credential.id
        WHEN MATCHED THEN UPDATE SET password = ${canarySql}`,
    ],
    [
      'a common table expression',
      () => `WITH changed AS (UPDATE {table} SET password = ${canarySql} RETURNING id) SELECT 1`,
    ],
    ['a block of PL/pgSQL', () => `DO $$ BEGIN UPDATE {table} SET password = ${canarySql}; END $$`],
    ['the metadata', () => `UPDATE {table} SET encryption_metadata = jsonb_build_object('note', ${canarySql})`],
    [
      'a member of the metadata',
      () =>
        `UPDATE {table} SET encryption_metadata = encryption_metadata || jsonb_build_object('note', ${canarySql}, 'wrap', 9)`,
    ],
    [
      'a member that another type is expected of',
      () => `UPDATE {table} SET encryption_metadata = encryption_metadata || jsonb_build_object('wrap', ${canarySql})`,
    ],
    ['a context column', () => `UPDATE {table} SET tenant_id = ${canarySql}`],
  ]

  test.each(ways)('%s', async (_name, statement) => {
    const result = credentials.query(statement())
    await expect(result).rejects.toMatchObject({ code: expect.stringMatching(/^WX00[1-5]$/) })
    const error = await result.catch((caught) => caught)
    expect(JSON.stringify({ ...error, message: error.message })).not.toContain(canary)
    await expectNoTrace(database.client, canary)
  })

  test('COPY', async () => {
    const plaintext = randomBytes(16).toString('hex')
    const loaded = copyIn(database.client, `${credentials.name} (id, tenant_id, password)`, [
      randomUUID(),
      'acme',
      plaintext,
    ])
    expect(await outcome(loaded)).toBe('WX001')
    await expectNoTrace(database.client, plaintext)
  })

  test('a CHECK constraint would have printed it: the search does find what the server prints', async () => {
    await database.client.query(`CREATE TABLE checked (password text CHECK (password LIKE 'ws1:%'))`)
    expect(await outcome(database.client.query(`INSERT INTO checked VALUES (${canarySql})`))).toBe('23514')
    expect(await findTraces(database.client, canary)).toEqual(['server log (plain)'])
    await database.client.query('DROP TABLE checked')
  })
})

test('an error names the rule, the table and the remedy, and nothing of the row', async () => {
  const error = await credentials.query(`UPDATE {table} SET password = ${canarySql}`).catch((caught) => caught)
  expect(error).toMatchObject({
    code: 'WX001',
    message: 'waxseal WX001: a field is not ciphertext of format 1; write it through waxseal, table public.credential',
    schema: 'public',
    table: 'credential',
    constraint: 'waxseal_wx001_update',
    detail: undefined,
    hint: undefined,
  })
})

test('a BEFORE trigger that fires later than all others is seen through', async () => {
  await database.client.query(`
    CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.password := 'hunter2'; RETURN NEW; END $$;
    CREATE TRIGGER zzz BEFORE INSERT OR UPDATE ON credential FOR EACH ROW EXECUTE FUNCTION meddle()`)
  try {
    // Of a column that the statement does not name.
    expect(await outcome(credentials.update(row.id, { name: 'renamed' }))).toBe('WX001')
    expect(await outcome(credentials.insertStored(randomUUID(), 'acme', [], {}))).toBe('WX001')
  } finally {
    await database.client.query('DROP TRIGGER zzz ON credential; DROP FUNCTION meddle()')
  }
})

test('a trigger that moves the metadata along is seen through', async () => {
  await database.client.query(`
    CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      NEW.encryption_metadata := OLD.encryption_metadata || '{"wraps": []}'; RETURN NEW; END $$;
    CREATE TRIGGER zzz BEFORE UPDATE ON credential FOR EACH ROW EXECUTE FUNCTION meddle()`)
  try {
    expect(await outcome(credentials.update(row.id, { name: 'renamed' }))).toBe('WX004')
  } finally {
    await database.client.query('DROP TRIGGER zzz ON credential; DROP FUNCTION meddle()')
  }
})

test('replicated rows are looked at too', async () => {
  await database.client.query('SET session_replication_role = replica')
  try {
    expect(await outcome(credentials.update(row.id, { password: 'hunter2' }))).toBe('WX001')
    expect(await outcome(credentials.update(row.id, { tenant_id: 'globex' }))).toBe('WX003')
    expect(await outcome(credentials.insertStored(randomUUID(), 'acme', ['hunter2'], {}))).toBe('WX001')
    expect(await outcome(credentials.insertStored(randomUUID(), 'acme', [], { note: 'hunter2' }))).toBe('WX005')
  } finally {
    await database.client.query('RESET session_replication_role')
  }
})

test('operators and functions of the session mean nothing to it', async () => {
  await database.client.query(`
    CREATE SCHEMA trap;
    CREATE FUNCTION trap.format(text, text, text, name, name) RETURNS text LANGUAGE sql AS $$ SELECT 'trapped' $$;
    CREATE FUNCTION trap.always(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT true';
    CREATE OPERATOR trap.~ (LEFTARG = text, RIGHTARG = text, FUNCTION = trap.always);
    SET search_path = trap, pg_catalog, public`)
  try {
    await expect(credentials.update(row.id, { password: 'hunter2' })).rejects.toMatchObject({
      code: 'WX001',
      message: expect.stringContaining('waxseal WX001'),
    })
  } finally {
    await database.client.query('RESET search_path')
  }
})

test('a foreign key that moves the bound tenant along is refused', async () => {
  await database.client.query(`CREATE TABLE tenant (id text PRIMARY KEY); INSERT INTO tenant VALUES ('acme')`)
  const owned = await Credentials.create(database.client, { schema: 'owned' })
  await owned.insert({ password: 'x' })
  await owned.query('ALTER TABLE {table} ADD FOREIGN KEY (tenant_id) REFERENCES tenant ON UPDATE CASCADE')
  expect(await outcome(database.client.query(`UPDATE tenant SET id = 'globex'`))).toBe('WX003')
})
