import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import pg from 'pg'
import { appendLeaves } from '../../../src/audit/integrity/append-leaves.js'
import { leafKindNames, leafKinds } from '../../../src/audit/integrity/leaf-kinds.js'
import { proveConsistency, proveInclusion, readRange, readSize } from '../../../src/audit/integrity/tree.js'
import { verifyConsistency } from '../../../src/audit/integrity/verify-consistency.js'
import { verifyInclusion } from '../../../src/audit/integrity/verify-inclusion.js'
import { type FreshDatabase, freshDatabase } from '../../setup/database.js'
import { databaseWithSchema } from '../../setup/database-with-schema.js'
import { insertApplicationEvents, insertAttempts, insertOneOfEach } from './records.js'

let database: FreshDatabase
/** Leaves of the tests before. */
let before: number
const others: pg.Client[] = []
beforeAll(async () => {
  database = await databaseWithSchema()
})
beforeEach(async () => {
  await appendLeaves(database.client)
  before = await readSize(database.client)
})
afterEach(async () => {
  for (const other of others.splice(0)) await other.end()
})
afterAll(() => database.drop())

async function another(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  others.push(client)
  return client
}

async function leaves(): Promise<{ position: number; kind: string; record: string; hash: Buffer }[]> {
  const { rows } = await database.client.query(
    'SELECT position::int, kind, record, hash FROM waxseal.log_leaf WHERE position >= $1 ORDER BY position',
    [before],
  )
  return rows
}

const positions = async () => (await leaves()).map(({ position }) => position - before)
const upTo = (size: number) => Array.from({ length: size }, (_, at) => at)

test('every column of a kind is in its canonical form, or is known not to be', async () => {
  for (const kind of leafKindNames) {
    const { rows } = await database.client.query(
      `SELECT attname AS name FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped`,
      [`waxseal.${leafKinds[kind].table}`],
    )
    const left = rows.map(({ name }) => name).filter((name) => name !== 'written_in' && name !== 'raw')
    // A table that gets a column needs it in src/audit/integrity/leaf-kinds.ts: else the column could be changed unseen.
    expect({ kind, columns: Object.keys(leafKinds[kind].columns).sort() }).toEqual({ kind, columns: left.sort() })
  }
})

test('each kind of record gets a leaf, once, and a row that is there later gets the next position', async () => {
  await insertOneOfEach(database.client)
  expect(await appendLeaves(database.client)).toEqual({ leaves: 14, size: before + 14 })
  expect((await leaves()).map(({ kind }) => kind)).toEqual([...leafKindNames])
  expect(await appendLeaves(database.client)).toEqual({ leaves: 0, size: before + 14 })
  await insertAttempts(database.client, 1)
  expect(await appendLeaves(database.client)).toEqual({ leaves: 2, size: before + 16 })
  expect(await positions()).toEqual(upTo(16))
})

test('proofs from the database verify: of each leaf, and from each size to the last', async () => {
  await insertApplicationEvents(database.client, 600)
  const heads = []
  for (const more of [0, 1, 90]) {
    await insertApplicationEvents(database.client, more)
    const { size } = await appendLeaves(database.client, { batchSize: 250 })
    heads.push({ size, root: (await readRange(database.client, size)).root() })
  }
  const now = heads.at(-1)!
  expect(now.size).toBe(before + 691)
  const paths = await proveInclusion(
    database.client,
    upTo(691).map((at) => before + at),
    now.size,
  )
  for (const [at, { position, hash }] of (await leaves()).entries()) {
    expect(verifyInclusion(hash, { position, size: now.size, path: paths[at]! }, now.root)).toBe(true)
  }
  for (const head of heads) {
    const path = await proveConsistency(database.client, head.size, now.size)
    expect(verifyConsistency(head, now, path)).toBe(true)
  }
  const { rows } = await database.client.query('SELECT level::int, index::int FROM waxseal.log_node ORDER BY 1, 2')
  expect(rows.slice(0, 3)).toEqual([
    { level: 8, index: 0 },
    { level: 8, index: 1 },
    { level: 9, index: 0 },
  ])
})

test('a row whose transaction is still running is waited for, and no later row is put before it', async () => {
  const slow = await another()
  await slow.query('BEGIN')
  await insertSlowly(slow)
  await insertApplicationEvents(database.client, 1)
  expect(await appendLeaves(database.client)).toMatchObject({ leaves: 0 })
  await slow.query('COMMIT')
  expect(await appendLeaves(database.client)).toMatchObject({ leaves: 2 })
  const { rows } = await database.client.query(
    `SELECT actor FROM waxseal.log_leaf JOIN waxseal.application_event ON id = record
      WHERE position >= $1 ORDER BY position`,
    [before],
  )
  expect(rows.map(({ actor }) => actor)).toEqual(['slow', 'actor 1'])
})

test('a transaction of another database is not waited for', async () => {
  const elsewhere = await freshDatabase()
  try {
    await elsewhere.client.query('BEGIN')
    await elsewhere.client.query('SELECT pg_current_xact_id()')
    await insertApplicationEvents(database.client, 1)
    expect(await appendLeaves(database.client)).toMatchObject({ leaves: 1 })
  } finally {
    await elsewhere.drop()
  }
})

async function insertSlowly(client: pg.Client): Promise<void> {
  await client.query(
    `INSERT INTO waxseal.application_event (id, occurred_at, category, action, outcome, actor)
      VALUES ($1, now(), 'tool', 'run', 'success', 'slow')`,
    [randomUUID()],
  )
}

test('appenders side by side leave neither gaps nor twins', async () => {
  await insertApplicationEvents(database.client, 700)
  await insertAttempts(database.client, 20)
  const clients = await Promise.all([1, 2, 3, 4].map(another))
  const appended = await Promise.all(clients.map((client) => appendLeaves(client, { batchSize: 70 })))
  expect(appended.reduce((sum, { leaves }) => sum + leaves, 0)).toBe(740)
  expect(await positions()).toEqual(upTo(740))
})

test('a batch that ends within a transaction is taken up again behind its last row', async () => {
  await insertApplicationEvents(database.client, 25)
  const batches: number[] = []
  await appendLeaves(database.client, { batchSize: 10, onAppended: (count) => batches.push(count) })
  expect(batches).toEqual([10, 10, 5])
})

test('a signal ends it between two batches', async () => {
  await insertApplicationEvents(database.client, 25)
  const stop = new AbortController()
  const onAppended = () => stop.abort(new Error('stopped'))
  const stopped = appendLeaves(database.client, { batchSize: 10, onAppended, signal: stop.signal })
  await expect(stopped).rejects.toThrow('stopped')
  expect(await positions()).toEqual(upTo(10))
})

describe('after a restore into another cluster', () => {
  /** As if all rows so far, and the frontier, had been written where transactions had other numbers. */
  async function restored(frontier: string): Promise<void> {
    await database.client.query(`UPDATE waxseal.log_frontier SET cluster = 'another', written_in = $1::xid8`, [
      frontier,
    ])
  }

  test('rows below the old frontier are found', async () => {
    await insertApplicationEvents(database.client, 3)
    await appendLeaves(database.client)
    await restored('9000000000000')
    await insertApplicationEvents(database.client, 25)
    expect(await appendLeaves(database.client, { batchSize: 10 })).toEqual({ leaves: 25, size: before + 28 })
    await insertApplicationEvents(database.client, 1)
    expect(await appendLeaves(database.client)).toEqual({ leaves: 1, size: before + 29 })
  })

  test('rows of transactions that this cluster will have later are found', async () => {
    await appendLeaves(database.client)
    await restored('8000000000000')
    await database.client.query(
      `INSERT INTO waxseal.application_event (id, occurred_at, category, action, outcome, written_in)
        VALUES (gen_random_uuid(), now(), 'tool', 'run', 'success', '8000000000001')`,
    )
    expect(await appendLeaves(database.client)).toEqual({ leaves: 1, size: before + 1 })
  })
})

test('a log that is shorter than its last checkpoint gets no more leaves', async () => {
  await database.client.query(
    `INSERT INTO waxseal.log_checkpoint (size, root, note) VALUES (1000000, sha256('x'), 'x')`,
  )
  await insertAttempts(database.client, 1)
  await expect(appendLeaves(database.client)).rejects.toMatchObject({ code: 'ERR_LOG_INCONSISTENT' })
  expect(await leaves()).toEqual([])
})
