import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { AwsProvider } from '../../providers/aws/index.js'
import { DataKey } from '../../src/kms/data-key.js'
import type { KmsReply } from '../../src/kms/provider.js'
import { startTestKms, type TestKmsServer } from '../../src/testing/index.js'
import { awsClient, OPERATOR } from './aws-under-test.js'

let server: TestKmsServer

beforeAll(async () => {
  server = await startTestKms('aws')
})
afterAll(() => server.close())

/** A provider, and the user agents of the requests that leave its client. */
async function provided() {
  const client = awsClient(server)
  const agents: string[] = []
  client.middlewareStack.add(
    (next) => async (args) => {
      agents.push((args.request as { headers: Record<string, string> }).headers['user-agent']!)
      return next(args)
    },
    { step: 'finalizeRequest', priority: 'low' },
  )
  const { KeyMetadata } = await client.createKey({})
  const options = { client, region: 'us-east-1', key: KeyMetadata!.Arn! }
  const provider = new AwsProvider(options)
  agents.length = 0
  return { client, agents, options, provider }
}

const tokensOf = (agents: readonly string[]) => agents.map((agent) => agent.match(/md\/call#\S+/g))

test('the token of a call is in the user agent, which CloudTrail has', async () => {
  const { agents, provider } = await provided()
  await provider.wrap(DataKey.generate(), {}, { callToken: '0198f7c0-5c1e-7b6a-9a3e-4f1d2c3b4a59' })
  const token = ['md/call#0198f7c0-5c1e-7b6a-9a3e-4f1d2c3b4a59']
  expect(tokensOf(agents)).toEqual([token, token, token])
})

test('calls at the same time keep their tokens, and one without has none', async () => {
  const { agents, provider } = await provided()
  await provider.currentKek({})
  agents.length = 0
  const tokens = ['a', 'b', undefined]
  await Promise.all(tokens.map((callToken) => provider.generateDataKey({}, callToken ? { callToken } : {})))
  expect(tokensOf(agents).sort()).toEqual([['md/call#a'], ['md/call#b'], null])
})

test('two providers with one client send one token', async () => {
  const { agents, options, provider } = await provided()
  const other = new AwsProvider(options)
  await provider.currentKek({}, { callToken: 'a' })
  await other.currentKek({}, { callToken: 'b' })
  expect(tokensOf(agents)).toEqual([['md/call#a'], ['md/call#b']])
})

test('a reply names the access key that signed the request, a refusal too', async () => {
  const { client, provider } = await provided()
  const replies: KmsReply[] = []
  const onReply = (reply: KmsReply) => void replies.push(reply)
  await provider.currentKek({}, { onReply })
  const rotated = { accessKeyId: 'rotated', secretAccessKey: 'test' }
  client.config.credentials = async () => rotated
  server.faults.add({ fault: 'deny', identity: 'rotated' })
  await expect(provider.generateDataKey({}, { onReply })).rejects.toMatchObject({ code: 'ERR_KMS_ACCESS_DENIED' })
  expect(replies).toMatchObject([
    { operation: 'DescribeKey', status: 'ok', principal: OPERATOR.accessKeyId },
    { operation: 'GenerateDataKey', status: 'AccessDeniedException', principal: 'rotated' },
  ])
})
