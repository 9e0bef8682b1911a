import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals'
import pg from 'pg'
import { generateLocalKey, LocalProvider } from '../../providers/local/index.js'
import { type RetirementCheck, retire } from '../../src/census/index.js'
import type { KekRef } from '../../src/index.js'
import { transactionsOpenNow } from '../../src/lifecycle/open-transactions.js'
import { Credentials } from '../postgres/credentials.js'
import type { FreshDatabase } from '../setup/database.js'
import { databaseWithSchema } from '../setup/database-with-schema.js'
import { type FleetProcess, FleetProcesses } from './processes.js'

/** Real processes of an application, some of which still run with the key of before. */
const KEYS = `1:${generateLocalKey()},2:${generateLocalKey()}`
const HEARD_MS = 30_000

let database: FreshDatabase
let credentials: Credentials
let processes: FleetProcesses
let old: KekRef
let current: KekRef

beforeAll(async () => {
  database = await databaseWithSchema()
  credentials = await Credentials.create(database.client)
  processes = new FleetProcesses()
  const kekOf = (currentKey: number) => new LocalProvider({ keys: KEYS, currentKey }).currentKek({})
  old = await kekOf(1)
  current = await kekOf(2)
})
beforeEach(() => database.client.query('TRUNCATE credential, waxseal.process'))
afterEach(() => processes.killAll())
afterAll(async () => {
  processes.remove()
  await database.drop()
})

const start = (LABEL: string, CURRENT_KEY: '1' | '2'): Promise<FleetProcess> =>
  processes.start({ DATABASE_URL: database.url, KEYS, CURRENT_KEY, LABEL })

async function fence(waitMs: number) {
  const options = { current: [current], waitMs, backupsKept: 'none' }
  const { ready, checks } = await retire(database.client, [credentials.table], old, options)
  const of = (name: RetirementCheck['name']) => checks.find((each) => each.name === name)?.evidence.join('\n') ?? ''
  return { ready, of }
}

/** As if its last heartbeat were longer ago. */
const age = (label: string, seconds: number) =>
  database.client.query(
    `UPDATE waxseal.process SET heartbeat_at = heartbeat_at - $2::int * interval '1 second' WHERE label = $1`,
    [label, seconds],
  )

/** The server learns a little later that a process has ended. */
async function noticed(label: string): Promise<void> {
  const sql = 'SELECT FROM pg_stat_activity JOIN waxseal.process ON backend_pid = pid WHERE label = $1'
  const sessions = () => database.client.query(sql, [label])
  while ((await sessions()).rows.length > 0);
}

test('every process wraps under another: each is waited for until it was heard', async () => {
  const [first] = [await start('first', '2'), await start('second', '2')]
  await first.tell(`store ${randomUUID()}`)
  const { ready, of } = await fence(HEARD_MS)
  expect(of('processes').match(/is at work and does not wrap under it/g)).toHaveLength(2)
  expect(ready).toBe(true)
})

test('one that was not heard since is not passed by', async () => {
  await start('first', '2')
  const { ready, of } = await fence(0)
  expect(ready).toBe(false)
  expect(of('processes')).toMatch(/\("first"\) has not been heard since the check began/)
})

test('one that still runs with the key of before', async () => {
  await start('new', '2')
  await start('old', '1')
  const { ready, of } = await fence(0)
  expect(ready).toBe(false)
  expect(of('processes')).toMatch(/\("old"\) wraps under it/)
  expect(of('processes')).not.toMatch(/\("new"\) wraps under it/)
})

test('one that was killed holds up until what it sent is stored or lost, and no longer', async () => {
  await start('new', '2')
  const killed = await start('killed', '1')
  await killed.kill()
  await noticed('killed')
  await age('killed', 20)
  expect((await fence(0)).of('processes')).toMatch(/\("killed"\) died while it wrapped under it/)
  await age('killed', 60)
  const { ready, of } = await fence(HEARD_MS)
  expect(of('processes')).toMatch(/\("killed"\) has no heartbeat and no connection$/m)
  expect(ready).toBe(true)
})

test('one that is stopped in the middle of something may go on: it is not taken for dead', async () => {
  await start('new', '2')
  const stopped = await start('stopped', '2')
  stopped.child.kill('SIGSTOP')
  await age('stopped', 600)
  expect((await fence(0)).of('processes')).toMatch(/\("stopped"\) has no heartbeat and an open connection/)
  await stopped.kill()
  await noticed('stopped')
  expect((await fence(HEARD_MS)).ready).toBe(true)
})

test('one with an open transaction is waited for, although it has written nothing', async () => {
  const process = await start('open', '2')
  await process.tell('sql BEGIN')
  await process.tell('sql SELECT 1')
  const stillOpen = await transactionsOpenNow(database.client)
  expect((await stillOpen()).join()).toMatch(/session \d+ \("open"\) is in a transaction for/)
  await process.tell('sql COMMIT')
  expect(await stillOpen()).toEqual([])
  // Begun later: whatever it stores was not begun before.
  await process.tell('sql BEGIN')
  await process.tell(`store ${randomUUID()}`)
  expect(await stillOpen()).toEqual([])
})

test('by a role that may see nothing else of the sessions of others, too', async () => {
  const process = await start('hidden', '2')
  await process.tell('sql BEGIN')
  const url = new URL(database.url)
  url.username = `waxseal_test_${randomUUID().replaceAll('-', '')}`
  url.password = randomUUID()
  await database.client.query(`CREATE ROLE ${url.username} LOGIN PASSWORD '${url.password}'`)
  const limited = new pg.Client({ connectionString: url.href })
  await limited.connect()
  const stillOpen = await transactionsOpenNow(limited)
  expect(await stillOpen()).toEqual([expect.stringMatching(/^session \d+ \("hidden"\) is in a transaction$/)])
  await process.tell('sql ROLLBACK')
  expect(await stillOpen()).toEqual([])
  await limited.end()
  await database.client.query(`DROP ROLE ${url.username}`)
})
