import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type PlannedServerFault, startTestKms, type TestKmsServer } from '../../src/testing/index.js'
import { type Project, project, runNode } from '../setup/cli.js'
import { awsClient } from './aws-under-test.js'

/** In processes of their own: the SDK tells errors of Node apart by their class, which jest has a second one of. */
const SCRIPT = `
import { connectAws } from 'waxseal/providers/aws'
const { KEY: key, ENDPOINT: endpoint } = process.env
const provider = await connectAws({ key, endpoint })
const { code, reason, retryable, message } = await provider.currentKek({}).catch((error) => error)
console.log(JSON.stringify({ code, reason, retryable, message }))
`

let server: TestKmsServer
let service: Project

beforeAll(async () => {
  server = await startTestKms('aws')
  service = project({ 'call.js': SCRIPT }, ['@aws-sdk/client-kms'])
})
afterAll(async () => {
  service?.remove()
  await server.close()
})

async function failureWith(faults: readonly PlannedServerFault[], endpoint = server.endpoint): Promise<object> {
  const { KeyMetadata } = await awsClient(server).createKey({})
  for (const fault of faults) server.faults.add({ operation: 'DescribeKey', ...fault })
  const env = { ...server.environment, KEY: KeyMetadata!.Arn!, ENDPOINT: endpoint }
  const { stdout, stderr } = await runNode(['--no-warnings', 'call.js'], { cwd: service.folder, env })
  server.faults.clear()
  expect(stderr).toBe('')
  return JSON.parse(stdout)
}

const unavailable = { code: 'ERR_KMS_UNAVAILABLE', retryable: true }

test('ECONNRESET: a reply that was lost is the network, although the SDK calls it a time-out', async () => {
  const message = expect.stringContaining('ECONNRESET')
  expect(await failureWith([{ fault: 'lost reply' }])).toMatchObject({ ...unavailable, reason: 'network', message })
})

test('ECONNREFUSED: a server that is not there is the network', async () => {
  const gone = await startTestKms('aws')
  await gone.close()
  const message = expect.stringContaining('ECONNREFUSED')
  expect(await failureWith([], gone.endpoint)).toMatchObject({ ...unavailable, reason: 'network', message })
})

test('SDKs that never time out: the client of connectAws ends a call that is not answered', async () => {
  const before = server.calls.length
  expect(await failureWith([{ fault: 'hang' }])).toMatchObject({ ...unavailable, reason: 'timeout' })
  // The key was made, and one attempt at it: nothing but RetryingProvider retries.
  expect(server.calls.slice(before).map(({ operation }) => operation)).toEqual(['CreateKey', 'DescribeKey'])
})

test('the SDK does not retry: one refusal is one call', async () => {
  const before = server.calls.length
  expect(await failureWith([{ fault: 'throttle' }])).toMatchObject({ ...unavailable, reason: 'throttled' })
  expect(server.calls.slice(before).map(({ operation }) => operation)).toEqual(['CreateKey', 'DescribeKey'])
})
