import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { databaseWithSchema } from '../setup/database-with-schema.js'
import { type ProtectedProject, protectedProject, provider } from './protected-project.js'

let made: ProtectedProject
beforeAll(async () => {
  made = await protectedProject({}, {}, databaseWithSchema())
})
afterAll(() => made.remove())
beforeEach(async () => {
  await made.client.query('TRUNCATE credential; DELETE FROM waxseal.run')
  made.configure({ provider, rotation: { every: '90d' } })
  await made.credentials.insert({ password: 'one' })
})

const finished = (daysAgo: number) =>
  made.client.query(
    `INSERT INTO waxseal.run (kind, entity, table_name, state, started_by, finished_at)
      VALUES ('rotate', 'credential', $1, 'finished', 'x@y', clock_timestamp() - $2 * interval '1 day')`,
    [made.credentials.name, daysAgo],
  )

test('exit code 1 when a rotation is overdue', async () => {
  await finished(91)
  const { status, stdout } = await made.run(['status'])
  expect(status).toBe(1)
  expect(stdout).toMatch(/^✗ credential: last rotated \S{10}, overdue since \S{10}\n/)
  await finished(1)
  const later = await made.run(['status', '--entity', 'credential'])
  expect(later.status).toBe(0)
  expect(later.stdout).toMatch(/^✓ credential: last rotated \S{10}, due \S{10}\n {2}about \d+ stale rows\n/)
})

test('--json: what is open, with what it has come to, and who is at work', async () => {
  await made.client.query(
    `WITH opened AS (INSERT INTO waxseal.run (kind, entity, table_name, state, options, started_by)
      VALUES ('rotate', 'credential', $1, 'paused', '{}', 'x@y') RETURNING id)
      INSERT INTO waxseal.run_count SELECT id, 1, 'rewrapped', 12 FROM opened`,
    [made.credentials.name],
  )
  const { status, stdout } = await made.run(['status', '--json'])
  expect(status).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({
    tables: [
      {
        entity: 'credential',
        staleRows: expect.any(Number),
        overdue: false,
        runs: [{ kind: 'rotate', state: 'paused', counts: { rewrapped: 12 }, failed: 0, journal: false }],
      },
    ],
    processes: [],
  })
  expect((await made.run(['status'])).stdout).toMatch(/\n {2}rotate [\w-]{36} is paused: 12 rewrapped\n0 processes/)
})

test('a KMS that does not answer leaves the rest to be told', async () => {
  made.configure({
    provider: {
      name: 'aws',
      key: `arn:aws:kms:eu-west-1:111122223333:key/${'0'.repeat(8)}`,
      endpoint: 'http://127.0.0.1:1',
    },
  })
  const { status, stdout } = await made.run(['status'], { env: { AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'x' } })
  expect({ status, stdout }).toMatchObject({
    status: 0,
    stdout: expect.stringContaining('  a KMS does not say what is current\n'),
  })
})
