import { afterAll, beforeAll, expect, test } from '@jest/globals'
import pg from 'pg'
import { checkReplicas } from '../../src/census/replicas.js'
import { startTemporaryPostgres, type TemporaryPostgres } from '../../src/testing/temporary-postgres.js'

/** On a server of its own: a slot belongs to all databases of a server. */
let postgres: TemporaryPostgres
let client: pg.Client

beforeAll(async () => {
  postgres = await startTemporaryPostgres()
  client = new pg.Client({ connectionString: postgres.url })
  await client.connect()
})
afterAll(async () => {
  await client.end()
  await postgres.stop()
})

const check = () =>
  checkReplicas(client, [], { deadline: 0, signal: new AbortController().signal, onWait: () => undefined })

test('a replication slot that nobody uses keeps something behind', async () => {
  expect((await check()).status).toBe('passed')
  await client.query(`SELECT pg_create_physical_replication_slot('replica', true)`)
  const { status, evidence } = await check()
  expect(status).toBe('failed')
  expect(evidence.join()).toContain('replication slot "replica" is not in use')
})
