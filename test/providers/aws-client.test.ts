import type { KMS } from '@aws-sdk/client-kms'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { connectAwsClient } from '../../providers/aws/connect.js'
import { startTestKms, type TestKmsServer } from '../../src/testing/index.js'
import { awsClient, OPERATOR } from './aws-under-test.js'

let server: TestKmsServer

beforeAll(async () => {
  server = await startTestKms('aws')
})
afterAll(() => server.close())

/** The client of `connectAws`, and the key that it is for. */
async function connected(): Promise<{ client: KMS; KeyId: string }> {
  const { KeyMetadata } = await awsClient(server).createKey({})
  const KeyId = KeyMetadata!.Arn!
  const client = (await connectAwsClient({ key: KeyId, endpoint: server.endpoint })).client as KMS
  client.config.credentials = async () => OPERATOR
  return { client, KeyId }
}

test('a refusal that the SDK would retry is one call', async () => {
  const { client, KeyId } = await connected()
  const before = server.calls.length
  server.faults.add({ fault: 'throttle', operation: 'DescribeKey' })
  await expect(client.describeKey({ KeyId })).rejects.toMatchObject({ name: 'ThrottlingException' })
  server.faults.clear()
  expect(server.calls.slice(before).map(({ operation }) => operation)).toEqual(['DescribeKey'])
})

test('a call that is not answered in time fails, where the SDK would only log it', async () => {
  const { client, KeyId } = await connected()
  // The handler knows its configuration from the first request on.
  await client.describeKey({ KeyId })
  const { requestHandler } = client.config as unknown as { requestHandler: { httpHandlerConfigs(): object } }
  expect(requestHandler.httpHandlerConfigs()).toMatchObject({
    connectionTimeout: expect.any(Number),
    requestTimeout: expect.any(Number),
    throwOnRequestTimeout: true,
  })
})
