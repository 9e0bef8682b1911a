import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import pg from 'pg'
import { retire } from '../../src/census/index.js'
import { installSchema } from '../../src/lifecycle/index.js'
import { transactionsOpenNow } from '../../src/lifecycle/open-transactions.js'
import { startTemporaryPostgres, type TemporaryPostgres } from '../../src/testing/temporary-postgres.js'
import { Credentials } from '../postgres/credentials.js'

/** On a server of its own: not every server lets transactions be prepared. */
let postgres: TemporaryPostgres
let client: pg.Client
let writer: pg.Client

async function connect(): Promise<pg.Client> {
  const connected = new pg.Client({ connectionString: postgres.url, application_name: 'test' })
  await connected.connect()
  return connected
}

beforeAll(async () => {
  postgres = await startTemporaryPostgres()
  client = await connect()
  writer = await connect()
})
afterAll(async () => {
  await client.end()
  await writer.end()
  await postgres.stop()
})

test('a transaction that was open, and goes on without a session, is waited for', async () => {
  await writer.query('BEGIN; CREATE TABLE made ()')
  const open = await transactionsOpenNow(client)
  expect(await open()).toEqual([expect.stringContaining('("test") is in a transaction')])
  await writer.query(`PREPARE TRANSACTION 'left'`)
  expect(await open()).toEqual([
    expect.stringMatching(/^prepared transaction \d+ is neither committed nor rolled back/),
  ])
  await writer.query(`COMMIT PREPARED 'left'`)
  expect(await open()).toEqual([])
})

test('a row that a prepared transaction will store keeps its KEK in use', async () => {
  await installSchema(client)
  const credentials = await Credentials.create(client)
  const { encryption_metadata: metadata } = await credentials.insert({})
  const [{ kek }] = metadata['wraps']
  credentials.provider.kms.rotate()
  await client.query('TRUNCATE credential')
  await writer.query('BEGIN')
  await writer.query(`INSERT INTO credential (id, tenant_id, encryption_metadata) VALUES ($1, 'acme', $2)`, [
    ...[randomUUID(), JSON.stringify({ ...metadata, id: 'A'.repeat(22) })],
  ])
  await writer.query(`PREPARE TRANSACTION 'left'`)

  const check = async () => {
    const { ready, checks } = await retire(client, [credentials.table], kek, {
      ...{ current: [{ ...kek, version: '2' }], processes: 0, waitMs: 0, backupsKept: 'none', ignored: ['test'] },
    })
    return { ready, failed: checks.filter(({ status }) => status === 'failed').map(({ name }) => name) }
  }
  expect(await check()).toEqual({ ready: false, failed: ['transactions'] })
  await writer.query(`COMMIT PREPARED 'left'`)
  expect(await check()).toEqual({ ready: false, failed: ['census'] })
})
