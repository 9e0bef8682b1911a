import { randomBytes, randomUUID } from 'node:crypto'
import { afterEach, describe, expect, test } from '@jest/globals'
import { checkTable } from '../../src/cli/doctor/tables.js'
import { type FieldColumn, guardSql, type ProtectedTable } from '../../src/postgres/index.js'
import { install, shreddedShape, wrappedShape } from '../postgres/credentials.js'
import { canary } from '../setup/cli.js'
import { type ProtectedProject, protectedProject } from './protected-project.js'

interface Report {
  ok: boolean
  findings: { section: string; code: string; level: string; message: string; remedy: string }[]
  tables: { entity: string; table: string; counts?: any }[]
}

let made: ProtectedProject
afterEach(() => made.remove())

async function report(...args: string[]): Promise<Report & { status: number }> {
  const { status, stdout, stderr } = await made.run(['doctor', '--json', ...args])
  expect(stderr).toBe('')
  return { status, ...JSON.parse(stdout) }
}

/** What is said of the table: codes, and the message of each. */
async function findings(changes: Partial<ProtectedTable> = {}): Promise<Record<string, string>> {
  const { findings: found } = await checkTable(made.client, { ...made.credentials.table, ...changes }, true)
  return Object.fromEntries(found.map(({ code, message }) => [code, message]))
}

/** As a restore with disabled triggers, or a superuser, could do it. */
async function withoutTriggers(statement: string, values: unknown[] = []): Promise<void> {
  await made.client.query('alter table credential disable trigger user')
  await made.client.query(statement, values)
  await install(made.client, made.credentials.table)
}

describe('nothing is said of a table as it has to be', () => {
  for (const fieldType of ['text', 'bytea'] as FieldColumn['type'][]) {
    test(`with ${fieldType} columns; its rows are counted`, async () => {
      made = await protectedProject({ fieldType })
      const { credentials } = made
      for (const values of [{ password: 'x', oauth: { a: 1 } }, { password: '' }, {}]) await credentials.insert(values)
      const shredded = await credentials.insert({ password: 'gone' })
      await credentials.update(shredded.id, { encryption_metadata: shreddedShape(shredded.encryption_metadata) })
      expect(await findings()).toEqual({})
      const none = { plaintext: 0, legacy: 0, undecodable: 0, foreign: 0 }
      expect((await report()).tables).toEqual([
        {
          entity: 'credential',
          table: '"public"."credential"',
          counts: {
            entity: 'credential',
            table: '"public"."credential"',
            keks: [
              {
                kek: await credentials.provider.currentKek({}),
                rows: 3,
                oldestWrap: expect.stringMatching(/^20.*Z$/),
              },
            ],
            rows: 4,
            wrapped: 3,
            shredded: 1,
            empty: 0,
            undecodable: 0,
            fields: [
              { column: 'password', counts: none },
              { column: 'oauth', counts: none },
            ],
          },
        },
      ])
    })
  }
})

describe('the guard', () => {
  test('is missing', async () => {
    made = await protectedProject({ guarded: false })
    const missing = ['GUARD_INDEX_MISSING', 'GUARD_MISSING', 'GUARD_SET_INDEX_MISSING']
    expect(Object.keys(await findings()).sort()).toEqual(missing)
  })

  test('lacks a rule', async () => {
    made = await protectedProject()
    await made.client.query('drop trigger waxseal_wx002_update on credential')
    expect(await findings()).toEqual({ GUARD_MISSING: 'the guard lacks waxseal_wx002_update' })
  })

  for (const [name, how] of [
    ['fires for local writes only', 'enable'],
    ['fires for replicated rows only', 'enable replica'],
    ['is disabled', 'disable'],
  ] as const) {
    test(name, async () => {
      made = await protectedProject()
      await made.client.query(`alter table credential ${how} trigger waxseal_wx001_insert`)
      expect(await findings()).toEqual({ GUARD_NOT_ALWAYS: expect.stringContaining('waxseal_wx001_insert') })
    })
  }

  test('is out of date', async () => {
    made = await protectedProject()
    await made.client.query(
      `create or replace function public.waxseal_refuse() returns trigger language plpgsql as $$ begin return null; end $$`,
    )
    expect(Object.keys(await findings())).toEqual(['GUARD_OUTDATED'])
  })

  test('has lost its index', async () => {
    made = await protectedProject()
    const { rows } = await made.client.query(`select indexname from pg_indexes where indexname ^@ 'waxseal_envelope_'`)
    await made.client.query(`drop index ${rows[0].indexname}`)
    expect(Object.keys(await findings())).toEqual(['GUARD_INDEX_MISSING'])
  })

  test('is that of an adoption', async () => {
    made = await protectedProject()
    for (const statement of guardSql(made.credentials.table, 'adoption').install) await made.client.query(statement)
    expect(Object.keys(await findings())).toEqual(['GUARD_OF_ADOPTION'])
  })

  test('holds other logical names', async () => {
    made = await protectedProject()
    expect(await findings({ entity: 'secret' })).toMatchObject({
      GUARD_OTHER_NAMES: 'credentials are stored as entity "credential", declared is "secret"',
    })
  })
})

describe('the table', () => {
  test('is not there', async () => {
    made = await protectedProject()
    await made.client.query('drop table credential')
    expect(await findings()).toEqual({ TABLE_MISSING: 'there is no such table' })
  })

  test('has children', async () => {
    made = await protectedProject()
    await made.client.query('create table child () inherits (credential)')
    expect(Object.keys(await findings())).toEqual(['TABLE_NOT_ORDINARY'])
  })

  test('has a metadata column that may be null', async () => {
    made = await protectedProject()
    await made.client.query('alter table credential alter encryption_metadata drop not null')
    expect(await findings()).toMatchObject({
      METADATA_COLUMN: expect.stringMatching(/expected jsonb not null default/),
    })
  })

  test('has a metadata column of another type, and its rows are not counted', async () => {
    made = await protectedProject({ guarded: false })
    await made.client.query(
      'alter table credential alter encryption_metadata drop default, alter encryption_metadata type json using null, alter encryption_metadata drop not null',
    )
    expect(await findings()).toMatchObject({
      METADATA_COLUMN: expect.any(String),
      ROWS_NOT_COUNTED: expect.stringMatching(/SQLSTATE 42883/),
    })
  })

  test('has a field with a default, and one with a length', async () => {
    made = await protectedProject({ guarded: false })
    await made.client.query(`alter table credential alter password set default 'x', alter oauth type varchar(200)`)
    const { findings: found } = await report()
    expect(found.filter(({ code }) => code === 'FIELD_COLUMN')).toHaveLength(2)
  })

  test('has a context column that may be null', async () => {
    made = await protectedProject()
    await made.client.query('alter table credential alter tenant_id drop not null')
    expect(await findings()).toEqual({ BOUND_COLUMN: expect.stringMatching(/column "tenant_id"/) })
  })

  test('may not be read by this user', async () => {
    made = await protectedProject()
    const url = new URL(made.database.url)
    const user = `reader_${randomBytes(4).toString('hex')}`
    await made.client.query(`create role ${user} login password 'test-only'`)
    url.username = user
    url.password = 'test-only'
    made.configure({ database: url.href })
    const { findings: found } = await report()
    expect(found).toContainEqual(
      expect.objectContaining({
        code: 'ROWS_NOT_COUNTED',
        message: expect.stringMatching(/permission denied for table credential \(SQLSTATE 42501\)/),
      }),
    )
    await made.client.query(`drop role ${user}`)
  })
})

test('envelopes that are not bound to their row are reported', async () => {
  made = await protectedProject({ guarded: false })
  expect(await findings({ row: [] })).toMatchObject({ ROW_NOT_BOUND: expect.stringMatching(/bindRow: false/) })
})

describe('rows', () => {
  const secret = canary()

  test('with plaintext are counted and not shown', async () => {
    made = await protectedProject()
    await made.credentials.insert({ password: 'x' })
    await withoutTriggers(`insert into credential (id, tenant_id, password) values ($1, 'a', $3), ($2, 'a', $3)`, [
      randomUUID(),
      randomUUID(),
      secret,
    ])
    const { status, stdout, stderr } = await made.run(['doctor'])
    expect(status).toBe(1)
    expect(stdout).toMatch(/✗ ROWS_PLAINTEXT\n {4}column "password": 2 rows hold plaintext/)
    expect(stdout + stderr + JSON.stringify(await report())).not.toContain(secret)
    expect(await findings()).toEqual({ ROWS_PLAINTEXT: 'column "password": 2 rows hold plaintext' })
  })

  test('with plaintext bytes', async () => {
    made = await protectedProject({ fieldType: 'bytea' })
    await withoutTriggers(`insert into credential (id, tenant_id, password) values ($1, 'a', $2)`, [
      randomUUID(),
      Buffer.from(secret),
    ])
    expect(await findings()).toEqual({ ROWS_PLAINTEXT: 'column "password": 1 row holds plaintext' })
  })

  for (const [encoding, fieldType] of [
    ['hex', 'text'],
    ['base64', 'text'],
    ['hex', 'bytea'],
  ] as const) {
    test(`with iv:tag:ciphertext in ${encoding}, in ${fieldType}`, async () => {
      made = await protectedProject({ fieldType })
      const legacy = [12, 16, 30].map((size) => randomBytes(size).toString(encoding)).join(':')
      await withoutTriggers(`insert into credential (id, tenant_id, password) values ($1, 'a', $2)`, [
        randomUUID(),
        fieldType === 'bytea' ? Buffer.from(legacy) : legacy,
      ])
      expect(Object.keys(await findings())).toEqual(['ROWS_LEGACY'])
    })
  }

  for (const [name, alter] of [
    ['cut', 'left(password, 60)'],
    ['cut in its last characters', 'left(password, length(password) - 3)'],
    ['of another format', "'ws2' || substr(password, 4)"],
    ['with a character that is none', "overlay(password placing '+' from 60 for 1)"],
    ['with a commitment that is not canonical', "overlay(password placing '_' from 47 for 1)"],
  ] as const) {
    test(`with a ciphertext that is ${name}`, async () => {
      made = await protectedProject()
      await made.credentials.insert({ password: 'a plaintext' })
      await withoutTriggers(`update credential set password = ${alter}`)
      expect(Object.keys(await findings())).toEqual(['ROWS_UNDECODABLE'])
    })
  }

  test('with bytes that are cut', async () => {
    made = await protectedProject({ fieldType: 'bytea' })
    await made.credentials.insert({ password: 'x' })
    await withoutTriggers('update credential set password = substr(password, 1, 60)')
    expect(Object.keys(await findings())).toEqual(['ROWS_UNDECODABLE'])
  })

  for (const fieldType of ['text', 'bytea'] as const) {
    test(`with the ciphertext of another row, or of none, in ${fieldType}`, async () => {
      made = await protectedProject({ fieldType })
      const [a, b] = [
        await made.credentials.insert({ password: 'a' }),
        await made.credentials.insert({ password: 'b', oauth: 1 }),
      ]
      await withoutTriggers('update credential set password = $1 where id = $2', [a.password, b.id])
      await made.client.query('alter table credential disable trigger user')
      await made.client.query(`update credential set encryption_metadata = '{}' where id = $1`, [a.id])
      await install(made.client, made.credentials.table)
      const { findings: found } = await report()
      expect(found.filter(({ code }) => code === 'ROWS_FOREIGN').map(({ message }) => message)).toEqual([
        'column "password": 2 rows hold a ciphertext of another data key than the row\'s, or of none',
      ])
    })
  }

  test('with metadata of no format', async () => {
    made = await protectedProject()
    const bad = [{ note: secret }, { ...wrappedShape(), wrap: '1' }, { ...wrappedShape(), wraps: [{}] }, [], 'text']
    for (const metadata of bad) {
      await withoutTriggers(`insert into credential (id, tenant_id, encryption_metadata) values ($1, 'a', $2)`, [
        randomUUID(),
        JSON.stringify(metadata),
      ])
    }
    expect(await findings()).toEqual({
      METADATA_UNDECODABLE: '5 rows with encryption metadata that is not of format 1',
    })
  })

  test('are left uncounted with --no-rows', async () => {
    made = await protectedProject()
    await withoutTriggers(`insert into credential (id, tenant_id, password) values ($1, 'a', 'open')`, [randomUUID()])
    const { ok, tables } = await report('--no-rows')
    expect(ok).toBe(true)
    expect(tables).toEqual([{ entity: 'credential', table: '"public"."credential"' }])
  })
})
