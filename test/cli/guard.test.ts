import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import pg from 'pg'
import { checkGuard } from '../../src/postgres/index.js'
import { install, outcome, remove } from '../postgres/credentials.js'
import { waxseal } from '../setup/cli.js'
import { declarationOf, type ProtectedProject, protectedProject, provider } from './protected-project.js'

let made: ProtectedProject
beforeAll(async () => {
  made = await protectedProject({ guarded: false })
})
afterAll(() => made.remove())
beforeEach(() => remove(made.client, made.credentials.table))

const codes = async () => (await checkGuard(made.client, made.credentials.table)).findings.map(({ code }) => code)
const plaintextIs = () =>
  outcome(made.client.query(`insert into credential (id, tenant_id, password) values (gen_random_uuid(), 'a', 'open')`))

test('sql prints statements and nothing else, and asks no database', async () => {
  const { project } = made
  project.write('offline.json', JSON.stringify({ provider, tables: [declarationOf(made.credentials.table)] }))
  const printed = await made.run(['guard', 'sql', '--config', 'offline.json'])
  expect(printed).toMatchObject({ status: 0, stderr: '' })
  expect(printed.stdout).toMatch(/^BEGIN;\n[\s\S]*\nCOMMIT;\n$/)
  await made.client.query(printed.stdout)
  expect(await codes()).toEqual([])
  expect(await plaintextIs()).toBe('WX001')
  const removal = await made.run(['guard', 'sql', '--remove', '--config', 'offline.json'])
  await made.client.query(removal.stdout)
  expect(await codes()).toEqual(['GUARD_INDEX_MISSING', 'GUARD_SET_INDEX_MISSING', 'GUARD_MISSING'])
})

test('install installs, again without a change, and remove removes', async () => {
  for (let turn = 0; turn < 2; turn++) {
    const { status, stdout, stderr } = await made.run(['guard', 'install'])
    expect({ status, stdout, stderr }).toEqual({
      status: 0,
      stdout: '✓ guard installed on "public"."credential"\n',
      stderr: '',
    })
    expect(await plaintextIs()).toBe('WX001')
  }
  expect(await made.run(['guard', 'remove'])).toMatchObject({
    status: 0,
    stdout: '✓ guard removed from "public"."credential"\n',
  })
  expect(await plaintextIs()).toBe('accepted')
  await made.client.query('delete from credential')
})

test('--dry-run prints what would run, and runs nothing', async () => {
  const dry = await made.run(['guard', 'install', '--dry-run'])
  expect(dry.stdout).toBe((await made.run(['guard', 'sql'])).stdout)
  expect(await codes()).toContain('GUARD_MISSING')
  await install(made.client, made.credentials.table)
  const removal = await made.run(['guard', 'remove', '--dry-run'])
  expect(removal.stdout).toBe((await made.run(['guard', 'sql', '--remove'])).stdout)
  expect(await codes()).toEqual([])
})

test('install is all or nothing', async () => {
  const { project, credentials } = made
  const tables = [
    declarationOf(credentials.table),
    { ...declarationOf(credentials.table), entity: 'other', table: 'gone' },
  ]
  project.write('two.json', JSON.stringify({ provider, database: made.database.url, tables }))
  const { status, stderr } = await made.run(['guard', 'install', '--config', 'two.json'])
  expect(status).toBe(5)
  expect(stderr).toMatch(/^waxseal: database: relation "public\.gone" does not exist \(SQLSTATE 42P01\)/)
  expect(await codes()).toEqual(['GUARD_INDEX_MISSING', 'GUARD_SET_INDEX_MISSING', 'GUARD_MISSING'])
})

test('install gives up when the lock on a table is not to be had, since writers would queue up behind it', async () => {
  await made.client.query('begin; lock table credential in row exclusive mode')
  const { status, stderr } = await made.run(['guard', 'install'])
  await made.client.query('rollback')
  expect({ status, stderr }).toEqual({ status: 5, stderr: expect.stringMatching(/lock timeout \(SQLSTATE 55P03\)/) })
  expect(await codes()).toEqual(['GUARD_INDEX_MISSING', 'GUARD_SET_INDEX_MISSING', 'GUARD_MISSING'])
})

test('with --concurrently the indexes are built while writers go on', async () => {
  const writer = new pg.Client({ connectionString: made.database.url })
  await writer.connect()
  await writer.query('begin; lock table credential in row exclusive mode')
  const installing = made.run(['guard', 'install', '--concurrently'])
  // It waits for the writer. Without the option it would ask for a lock that the writer's excludes.
  while ((await waitingFor('CREATE UNIQUE INDEX CONCURRENTLY%')).length === 0);
  await writer.query('commit')
  await writer.end()
  expect(await installing).toMatchObject({ status: 0, stderr: '' })
  expect(await codes()).toEqual([])
})

async function waitingFor(query: string): Promise<unknown[]> {
  const { rows } = await made.client.query(
    `select from pg_stat_activity where query like $1 and wait_event_type = 'Lock' and datname = current_database()`,
    [query],
  )
  return rows
}

describe('check', () => {
  test('exit code 0 for a whole guard, 1 for one that is missing or does not always fire', async () => {
    const { table } = made.credentials
    expect(await made.run(['guard', 'check'])).toMatchObject({
      status: 1,
      stdout: expect.stringMatching(/^✗ "public"\."credential"\n[\s\S]*GUARD_MISSING: it has no guard\n {4}→ /),
    })
    await install(made.client, table)
    expect(await made.run(['guard', 'check'])).toEqual({ status: 0, stdout: '✓ "public"."credential"\n', stderr: '' })
    await made.client.query('alter table credential enable trigger waxseal_wx001_insert')
    expect(await made.run(['guard', 'check'])).toMatchObject({
      status: 1,
      stdout: expect.stringMatching(/GUARD_NOT_ALWAYS/),
    })
  })

  test('prints JSON', async () => {
    const { status, stdout } = await made.run(['guard', 'check', '--json'])
    expect(status).toBe(1)
    expect(JSON.parse(stdout)).toEqual({
      ok: false,
      guards: [
        {
          entity: 'credential',
          table: '"public"."credential"',
          findings: expect.arrayContaining([
            { code: 'GUARD_MISSING', message: 'it has no guard', remedy: expect.any(String) },
          ]),
        },
      ],
    })
  })
})

test('install refuses to replace other logical names, unless it is told to', async () => {
  const { project, credentials } = made
  await install(made.client, credentials.table)
  const renamed = { ...declarationOf(credentials.table), entity: 'secret' }
  project.write('renamed.json', JSON.stringify({ provider, database: made.database.url, tables: [renamed] }))
  const refused = await made.run(['guard', 'install', '--config', 'renamed.json'])
  expect(refused.status).toBe(2)
  expect(refused.stderr).toMatch(
    /the installed guard holds other logical names; pass --replace-names when nothing is stored/,
  )
  expect(refused.stderr).toMatch(/set entity: 'credential'/)
  expect(await codes()).toEqual([])
  expect((await made.run(['guard', 'install', '--replace-names', '--config', 'renamed.json'])).status).toBe(0)
  expect(await codes()).toContain('GUARD_OTHER_NAMES')
})

test('exit code 5 for a database that is not there, without its password', async () => {
  const url = 'postgres://somebody:hunter2-is-the-password@127.0.0.1:1/nowhere'
  const tables = [declarationOf(made.credentials.table)]
  made.project.write('none.json', JSON.stringify({ provider, database: url, tables }))
  const run = made.run(['guard', 'check', '--config', 'none.json'], { env: { WAXSEAL_DEBUG: '1' } })
  const { status, stdout, stderr } = await run
  expect({ status, stdout }).toEqual({ status: 5, stdout: '' })
  expect(stderr).toMatch(/^waxseal: database: cannot be reached at .+ \(ECONNREFUSED\)/)
  expect(stderr).not.toContain('hunter2')
})

test('exit code 2 without tables, without a database', async () => {
  made.project.write('bare.json', JSON.stringify({ provider }))
  const bare = await made.run(['guard', 'check', '--config', 'bare.json'])
  expect(bare).toMatchObject({
    status: 2,
    stderr: expect.stringMatching(/bare\.json: expected "dataSource" or "tables"/),
  })
  made.project.write('bare.json', JSON.stringify({ provider, tables: [declarationOf(made.credentials.table)] }))
  const offline = await made.run(['guard', 'check', '--config', 'bare.json'])
  expect(offline).toMatchObject({
    status: 2,
    stderr: expect.stringMatching(/bare\.json: expected "database", a Postgres URL/),
  })
  const env = { WAXSEAL_DATABASE_URL: made.database.url }
  expect((await made.run(['guard', 'check', '--config', 'bare.json'], { env })).status).toBe(1)
  expect(await waxseal(['guard'], {})).toMatchObject({ status: 2 })
})
