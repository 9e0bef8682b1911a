import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { AwsProvider } from '../../providers/aws/index.js'
import { startTestKms, type TestKmsServer } from '../../src/testing/index.js'
import { awsClient } from './aws-under-test.js'
import { changedReplies } from './changed-replies.js'

let server: TestKmsServer

beforeAll(async () => {
  server = await startTestKms('aws')
})
afterAll(() => server.close())

/** What becomes of an error of the SDK. */
async function failureOf(error: Error): Promise<unknown> {
  const client = awsClient(server)
  const { KeyMetadata } = await client.createKey({})
  const failing = changedReplies(client, () => {
    throw error
  })
  const provider = new AwsProvider({ client: failing, region: 'us-east-1', key: KeyMetadata!.Arn! })
  return provider.currentKek({}).catch((thrown: unknown) => thrown)
}

function sdkError(name: string, members: object): Error {
  return Object.assign(new Error('with what was sent'), { name }, members)
}

test.each([['InventedException'], ['toString']])('an unknown refusal is not retried: %s', async (name) => {
  const error = await failureOf(sdkError(name, { $metadata: { httpStatusCode: 400 } }))
  expect(error).toMatchObject({ code: 'ERR_CONFIGURATION', retryable: false })
})

test('a connection that was reset is the network, whatever the SDK calls it', async () => {
  const error = await failureOf(sdkError('TimeoutError', { code: 'ECONNRESET' }))
  expect(error).toMatchObject({ code: 'ERR_KMS_UNAVAILABLE', reason: 'network' })
})

test("the SDK's own error is no cause: it holds the request", async () => {
  const error = await failureOf(sdkError('AccessDeniedException', { $metadata: { httpStatusCode: 400 } }))
  expect(error).toMatchObject({ code: 'ERR_KMS_ACCESS_DENIED' })
  expect((error as Error).cause).toBeUndefined()
})
