import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { generateLocalKey } from '../../providers/local/index.js'
import { startTestKms, type TestKmsServer } from '../../src/testing/index.js'
import { awsClient } from '../providers/aws-under-test.js'
import { databaseWithSchema } from '../setup/database-with-schema.js'
import { insertLocalRows } from './local-rows.js'
import { type ProtectedProject, protectedProject } from './protected-project.js'

const local = { name: 'local', keys: `1:${generateLocalKey()}`, currentKey: 1 } as const
const ROWS = 30
const RATE = 20

let made: ProtectedProject
let kms: TestKmsServer
beforeAll(async () => {
  kms = await startTestKms('aws')
  const key = (await awsClient(kms).createKey({})).KeyMetadata!.Arn!
  const provider = { name: 'aws', key, endpoint: kms.endpoint }
  made = await protectedProject({}, { provider, accepted: [{ provider: local }] }, databaseWithSchema())
  // The package is built first.
}, 240_000)
afterAll(async () => {
  await made?.remove()
  await kms?.close()
})

test('two processes together call the KMS no faster than "--rate" says', async () => {
  await insertLocalRows(made.credentials, local, ROWS)
  const rotate = () => made.run(['rotate', '--rate', String(RATE), '--batch', '1'], { env: kms.environment })
  const ended = await Promise.all([rotate(), rotate()])
  expect(ended.map(({ status }) => status)).toEqual([0, 0])
  const { rows } = await made.client.query(
    `SELECT state, options, extract(epoch FROM finished_at - started_at)::float8 AS seconds,
      extract(epoch FROM (SELECT next_at FROM waxseal.call_budget WHERE provider = 'aws') - started_at)::float8 AS reserved,
      (SELECT extract(epoch FROM next_at - starts_at)::float8 / granted FROM waxseal.call_budget
        WHERE provider = 'aws') AS interval,
      (SELECT sum(rows)::int FROM waxseal.run_count WHERE run = run.id AND name = 'rewrapped') AS rewrapped
      FROM waxseal.run`,
  )
  expect(rows).toMatchObject([{ state: 'finished', rewrapped: ROWS, options: { rate: RATE, verify: 'each' } }])
  const [{ seconds, reserved, interval }] = rows
  const calls = kms.calls.filter(({ operation }) => ['Encrypt', 'Decrypt', 'ReEncrypt'].includes(operation)).length
  // Encrypt and Decrypt to wrap for each row, and Decrypt as its proof.
  expect(calls).toBeGreaterThanOrEqual(3 * ROWS)
  expect(seconds).toBeGreaterThanOrEqual((calls - 1) / RATE)
  // A slow machine keeps to any rate: what was reserved is exact.
  expect(interval).toBeCloseTo(1 / RATE, 5)
  expect(reserved).toBeGreaterThanOrEqual(calls / RATE)
})
