import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import pg from 'pg'
import { type RetirementCheck, type RetireOptions, retire } from '../../src/census/index.js'
import { until } from '../lifecycle/fleet-suite.js'
import { Credentials, remove } from '../postgres/credentials.js'
import type { FreshDatabase } from '../setup/database.js'
import { databaseWithSchema } from '../setup/database-with-schema.js'

const OLD = { provider: 'fake', id: 'fake-kek', version: '1' }
const CURRENT = { ...OLD, version: '2' }

let database: FreshDatabase
let credentials: Credentials
let client: pg.Client

beforeAll(async () => {
  database = await databaseWithSchema()
  client = new pg.Client({ connectionString: database.url, application_name: 'retire' })
  await client.connect()
  await database.client.query(`SET application_name = 'test'`)
  credentials = await Credentials.create(database.client)
  credentials.provider.kms.rotate()
})
beforeEach(() => database.client.query('TRUNCATE credential, waxseal.retirement, waxseal.process'))
afterAll(async () => {
  await client.end()
  await database.drop()
})

/** With everybody stopped, nothing to wait for and no backups, unless a test says otherwise. */
async function check(options: Partial<RetireOptions> = {}, tables = [credentials.table]) {
  const found = await retire(client, tables, OLD, {
    ...{ current: [CURRENT], processes: 0, waitMs: 0, backupsKept: 'none', ignored: ['test', 'writer'] },
    ...options,
  })
  const of = (name: RetirementCheck['name']) => found.checks.find((each) => each.name === name)
  return { ...found, of }
}

/** A row under the old version. */
async function insertOld() {
  const row = await credentials.insert({ password: 'secret' })
  const [wrap] = row.encryption_metadata.wraps
  const metadata = { ...row.encryption_metadata, wrap: 2, wraps: [{ ...wrap, kek: OLD }] }
  await credentials.update(row.id, { encryption_metadata: metadata })
  return credentials.read(row.id)
}

test('nothing needs it: it may be disabled, and what nobody looked at is no pass', async () => {
  await credentials.insert({ password: 'secret' })
  const { ready, of, checks } = await check()
  expect(ready).toBe(true)
  expect(of('trail')).toEqual({
    name: 'trail',
    status: 'unchecked',
    evidence: ['not checked: nobody said for how long the mirrored trail must show none (--unused-for 30d)'],
  })
  expect(checks.filter(({ status }) => status === 'passed')).toHaveLength(checks.length - 1)
})

test('rows under it, and nobody is waited for then', async () => {
  await insertOld()
  const { ready, of } = await check({ waitMs: 600_000, processes: 1 })
  expect(ready).toBe(false)
  expect(of('census')).toMatchObject({
    status: 'failed',
    evidence: ['"public"."credential": 1 row with a wrap under it'],
  })
  expect(of('processes')?.status).toBe('unchecked')
})

test('rows under an unknown version of it, and rows that nobody can read', async () => {
  const row = await insertOld()
  await remove(database.client, credentials.table)
  const [wrap] = row.encryption_metadata.wraps
  const unknown = { ...row.encryption_metadata, wraps: [{ ...wrap, kek: { ...OLD, version: '' } }] }
  await credentials.update(row.id, { encryption_metadata: unknown })
  expect((await check()).of('census')?.evidence).toEqual([
    '"public"."credential": 1 row with a wrap under an unknown version of the KEK',
  ])
  await credentials.update(row.id, { encryption_metadata: { format: 2 } })
  const { ready, of } = await check()
  expect(ready).toBe(false)
  expect(of('census')?.evidence).toEqual([
    '"public"."credential": 1 row with metadata that is not of format 1, which may need it',
  ])
})

test('a protected table that the configuration does not name', async () => {
  const other = await Credentials.create(database.client, { table: 'elsewhere' })
  const { ready, of } = await check()
  expect({ ready, census: of('census')?.evidence }).toEqual({
    ready: false,
    census: ['public.elsewhere has a guard and is not in this configuration: it was not counted'],
  })
  expect((await check({}, [credentials.table, other.table])).ready).toBe(true)
  await database.client.query('DROP TABLE elsewhere')
})

test.each([
  ['what the KMS wraps under', [OLD]],
  ['one of a KMS that does not say what is current', [{ ...OLD, version: '' }]],
  ['one of a KMS that does not answer', new Error('no reply')],
])('%s is not retired', async (_, current) => {
  const { ready, of } = await check({ current })
  expect({ ready, current: of('current')?.status }).toEqual({ ready: false, current: 'failed' })
})

test('with nobody at work nobody was asked, unless that is said', async () => {
  const { ready, of } = await check({ processes: 1 })
  expect(ready).toBe(false)
  expect(of('processes')?.evidence).toEqual(['expected at least 1 at work, found 0'])
  expect(of('transactions')?.status).toBe('unchecked')
})

/** While a transaction is open, so that the check waits behind the processes, `meanwhile` happens; then it is committed. */
async function whileWaiting(begin: (writer: pg.Client) => Promise<unknown>, meanwhile: () => Promise<unknown>) {
  const writer = new pg.Client({ connectionString: database.url, application_name: 'writer' })
  await writer.connect()
  await writer.query('BEGIN')
  await begin(writer)
  let isOver = false
  const told: string[] = []
  const waiting = check({ waitMs: 600_000, onWait: (found) => told.push(...found) }).finally(() => {
    isOver = true
  })
  await until(() => isOver || told.some((found) => found.includes('("writer") is in a transaction')))
  await meanwhile()
  await writer.query('COMMIT')
  await writer.end()
  return waiting
}

test('sessions that belong to no process of the fleet, unless they are known, or may write no table', async () => {
  const { ready, of } = await check({ ignored: ['other'] })
  expect(ready).toBe(false)
  expect(of('processes')?.evidence).toEqual([
    expect.stringMatching(/^1 of the role \S+ with "test" at .* belongs to no process of the fleet$/),
  ])
  const url = new URL(database.url)
  url.username = `waxseal_test_${randomUUID().replaceAll('-', '')}`
  url.password = randomUUID()
  await database.client.query(`CREATE ROLE ${url.username} LOGIN PASSWORD '${url.password}'`)
  const monitor = new pg.Client({ connectionString: url.href })
  await monitor.connect()
  expect((await check()).of('processes')?.status).toBe('passed')
  await database.client.query(`GRANT INSERT ON credential TO ${url.username}`)
  expect((await check()).of('processes')?.evidence.join()).toContain(url.username)
  await monitor.end()
  await database.client.query(`DROP OWNED BY ${url.username}; DROP ROLE ${url.username}`)
})

test('what a transaction stores that was open is waited for, and counted then', async () => {
  const row = await insertOld()
  await database.client.query('TRUNCATE credential')
  const insert = 'INSERT INTO credential (id, tenant_id, encryption_metadata) VALUES ($1, $2, $3)'
  const values = [row.id, 'acme', JSON.stringify(row.encryption_metadata)]
  const { ready, of } = await whileWaiting(
    (writer) => writer.query(insert, values),
    async () => undefined,
  )
  expect(ready).toBe(false)
  expect(of('census')?.status).toBe('passed')
  expect(of('census again')?.evidence).toEqual(['"public"."credential": 1 row with a wrap under it'])
})

test('a process that begins meanwhile and wraps under it is not overlooked', async () => {
  const { ready, of } = await whileWaiting(
    (writer) => writer.query('SELECT 1'),
    () =>
      database.client.query(
        `INSERT INTO waxseal.process (id, version, required, keks, modes, hold, backend_pid, backend_start)
          VALUES (gen_random_uuid(), '0', true, $1, '{}', '1 minute', 0, now())`,
        [JSON.stringify([OLD])],
      ),
  )
  expect(ready).toBe(false)
  expect(of('processes')?.evidence).toEqual([expect.stringMatching(/^process \S+ wraps under it$/)])
})

test.each([
  [
    'a run that is open',
    `INSERT INTO waxseal.run (kind, entity, table_name, state, started_by)
    VALUES ('rotate', 'credential', 'public.credential', 'paused', 'somebody')`,
  ],
  [
    'a journal that is not empty',
    `WITH run AS (INSERT INTO waxseal.run (kind, entity, table_name, state, started_by)
    VALUES ('rotate', 'credential', 'public.credential', 'finished', 'somebody') RETURNING id)
    INSERT INTO waxseal.rewrap_journal (run, envelope, primary_key, metadata) SELECT id, 'e', '{1}', '{}' FROM run`,
  ],
])('%s may need it', async (_, insert) => {
  await database.client.query(insert)
  const { ready, of } = await check()
  expect({ ready, runs: of('runs')?.status }).toEqual({ ready: false, runs: 'failed' })
  await database.client.query('DELETE FROM waxseal.rewrap_journal; DELETE FROM waxseal.run')
  expect((await check()).ready).toBe(true)
})

test('backups are waited for, from the first census without a row, again after one with rows', async () => {
  const kept = { backupsKept: '35d', by: 'operator' }
  const age = (days: number) =>
    database.client.query(`UPDATE waxseal.retirement SET decided_at = decided_at - $1 * interval '1 day'`, [days])
  expect((await check({ ...kept })).of('backups')?.status).toBe('failed')
  await age(34)
  expect((await check({ ...kept })).of('backups')?.status).toBe('failed')
  await age(2)
  expect((await check({ ...kept })).ready).toBe(true)
  await insertOld()
  expect((await check({ ...kept })).of('backups')?.status).toBe('unchecked')
  await database.client.query('TRUNCATE credential')
  expect((await check({ ...kept })).ready).toBe(false)
  const { rows } = await database.client.query(
    'SELECT rows::int, ready, decided_by FROM waxseal.retirement ORDER BY id',
  )
  expect(rows.map(({ rows: count, ready }) => [count, ready])).toEqual([
    [0, false],
    [0, false],
    [0, true],
    [1, false],
    [0, false],
  ])
  expect(rows[0].decided_by).toBe('operator')
})

test('how long backups are kept has to be known', async () => {
  const { checks } = await retire(client, [credentials.table], OLD, {
    current: [CURRENT],
    processes: 0,
    waitMs: 0,
    ignored: ['test'],
  })
  expect(checks.find(({ name }) => name === 'backups')?.status).toBe('failed')
})

test('without a name nothing is written down', async () => {
  await check()
  expect((await database.client.query('SELECT FROM waxseal.retirement')).rows).toEqual([])
})

test('the waiting can be ended', async () => {
  const signal = AbortSignal.abort(new Error('enough'))
  await expect(check({ processes: 1, waitMs: 600_000, signal })).rejects.toThrow()
})
