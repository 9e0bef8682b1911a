import { randomUUID } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { EnvelopeCipher } from '../../src/index.js'
import { readEnvelopes, rewrapRows } from '../../src/postgres/index.js'
import { install, shreddedShape } from '../postgres/credentials.js'
import { canary } from '../setup/cli.js'
import { serverLog, serverLogSize } from '../setup/database.js'
import { declarationOf, type ProtectedProject, protectedProject } from './protected-project.js'
import { confirmedKey, env, recipientOfFiles } from './recovery-files.js'

let folder: string
let made: ProtectedProject
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'waxseal-recover-'))
  await confirmedKey(folder, 'key', '--algorithm', 'x25519')
})
afterAll(() => rmSync(folder, { recursive: true }))
afterEach(() => made.remove())

interface Recovered {
  readonly primaryKey: { readonly id: string }
  readonly fields: Readonly<Record<string, unknown>>
}

/** Rows as they are after a recovery key has become a recipient. */
async function insert(values: readonly Readonly<Record<string, unknown>>[]): Promise<string[]> {
  const ids: string[] = []
  for (const each of values) ids.push((await made.credentials.insert(each)).id)
  const recipients = [await recipientOfFiles(folder, 'key')]
  const cipher = new EnvelopeCipher({ provider: made.credentials.provider, recipients })
  for await (const rows of readEnvelopes(made.client, made.credentials.table)) {
    await rewrapRows(made.client, made.credentials.table, rows, cipher)
  }
  return ids
}

const recover = (options: readonly string[], more: Readonly<Record<string, string>> = {}) =>
  made.run(['recover', '--key', join(folder, 'key.pem'), ...options], { env: { ...env, ...more } })
const rowsOf = (text: string) =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Recovered)

test.each(['text', 'bytea'] as const)(
  'opens all rows of tables with %s columns, a batch at a time',
  async (fieldType) => {
    made = await protectedProject({ fieldType })
    const values = Array.from({ length: 5 }, (_, index) => ({
      password: canary(),
      ...(index % 2 && { oauth: [index] }),
    }))
    const ids = await insert([...values, {}])
    const before = serverLogSize()
    const output = join(folder, `${fieldType}.jsonl`)
    const run = await recover(['--output', output, '--batch-size', '4'])
    expect(run).toEqual({ status: 0, stdout: '', stderr: '6 rows opened, 0 not\n' })
    expect(statSync(output).mode & 0o777).toBe(0o600)
    const expected = ids.map((id, index) => ({
      table: '"public"."credential"',
      primaryKey: { id },
      entity: 'credential',
      row: id,
      context: { tenant: 'acme' },
      fields: {
        'credential.password': values[index]?.password ?? null,
        'credential.oauth': values[index]?.oauth ?? null,
      },
    }))
    const byId = (a: Recovered, b: Recovered) => (a.primaryKey.id < b.primaryKey.id ? -1 : 1)
    expect(rowsOf(readFileSync(output, 'utf8'))).toEqual(expected.sort(byId))
    // 4 and 2. Other suites read tables of this name in databases of theirs.
    const name = new URL(made.database.url).pathname.slice(1)
    const select = new RegExp(`\\] ${name} .*execute <unnamed>: SELECT .*"credential" AS stored`, 'g')
    expect(serverLog(before).match(select)).toHaveLength(2)
  },
)

test('a connection that is lost ends it, and what is written is said to be a part', async () => {
  made = await protectedProject()
  const ids = await insert([{ password: 'x' }, { password: 'y' }])
  const [, second] = ids.sort()
  // Ends its own connection when the second row is read, and not when it is sorted: it is said to be dear.
  await made.client.query(`create function fail() returns text language plpgsql stable cost 100000
    as $$ begin perform pg_terminate_backend(pg_backend_pid()); return null; end $$`)
  await made.client.query(`create view failing as select id, tenant_id, oauth, encryption_metadata,
    case when id = '${second}' then fail() else password end as password from credential`)
  const table = { ...made.credentials.table, table: 'failing' }
  made.configure({ tables: [table, made.credentials.table].map(declarationOf) })
  const { status, stdout, stderr } = await recover(['--output', '-', '--batch-size', '1'])
  expect(status).toBe(5)
  expect(rowsOf(stdout).map(({ primaryKey }) => primaryKey.id)).toEqual([ids[0]])
  expect(stderr).toMatch(
    /^ended early: what was written is a part of the rows; begin again with a new file\nwaxseal: database: /,
  )
})

test('finds the database in the environment, where no history keeps its password', async () => {
  made = await protectedProject()
  await insert([{ password: 'x' }])
  made.configure({ database: undefined })
  expect(await recover(['--dry-run'])).toMatchObject({
    status: 2,
    stderr: expect.stringMatching(/WAXSEAL_DATABASE_URL/),
  })
  const run = await recover(['--dry-run'], { WAXSEAL_DATABASE_URL: made.database.url })
  expect(run).toEqual({ status: 0, stdout: '', stderr: '1 rows opened, 0 not\n' })
})

test('names each row that does not open, and recovers all others', async () => {
  made = await protectedProject()
  const secret = canary()
  const [moved, gone, whole, none] = await insert([{ password: secret }, { password: 'b' }, { password: 'c' }, {}])
  const late = await made.credentials.insert({ password: secret })
  const { encryption_metadata } = await made.credentials.read(gone!)
  await made.credentials.update(gone!, { encryption_metadata: shreddedShape(encryption_metadata) })
  await made.client.query('alter table credential disable trigger user')
  await made.client.query(`update credential set tenant_id = 'other' where id = $1`, [moved])
  await install(made.client, made.credentials.table)
  const { status, stdout, stderr } = await recover(['--output', '-'])
  expect(status).toBe(4)
  expect(new Set(rowsOf(stdout).map(({ primaryKey }) => primaryKey.id))).toEqual(new Set([whole, none]))
  const named = (id: string) => `"public"."credential" ${JSON.stringify({ id })}`
  expect(stderr).toContain(`${named(moved!)}: decryption failed\n`)
  expect(stderr).toMatch(`${named(late.id)}: `)
  expect(stderr).toMatch(/\n2 rows opened, 1 shredded, 2 not\n$/)
  expect(stderr).not.toContain(secret)
})

describe('a table that cannot be read', () => {
  test('is named, and the others are recovered', async () => {
    made = await protectedProject()
    const [id] = await insert([{ password: 'x' }])
    const tables = [{ ...made.credentials.table, table: 'missing' }, made.credentials.table].map(declarationOf)
    made.configure({ tables })
    const { status, stdout, stderr } = await recover(['--dry-run', '--json'])
    const message = 'database: relation "public.missing" does not exist (SQLSTATE 42P01)'
    expect({ status, ...JSON.parse(stdout) }).toEqual({
      status: 4,
      opened: 1,
      shredded: 0,
      failed: [{ where: '"public"."missing"', message }],
    })
    expect(stderr).toBe(`"public"."missing": ${message}\n1 rows opened, 1 not\n`)
    expect(id).toBeDefined()
  })

  test('because nothing answers is the end of it, and no file is made', async () => {
    made = await protectedProject()
    const output = join(folder, `${randomUUID()}.jsonl`)
    made.configure({ database: 'postgres://nobody@127.0.0.1:9/none' })
    const { status, stderr } = await recover(['--output', output])
    expect(status).toBe(5)
    expect(stderr).toMatch(/database: cannot be reached at .+ \(ECONNREFUSED\)/)
    expect(existsSync(output)).toBe(false)
  })
})
