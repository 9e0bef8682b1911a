import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { AwsProvider } from '../../providers/aws/index.js'
import { EnvelopeCipher, healthCheck, mintCanary } from '../../src/index.js'
import { startTestKms, type TestKmsServer } from '../../src/testing/index.js'
import { awsClient, awsUnderTest } from './aws-under-test.js'

const BINDING = { entity: 'credential', context: { tenant: 'a' } }

let server: TestKmsServer

beforeAll(async () => {
  server = await startTestKms('aws')
})
afterAll(() => server.close())

/** A cipher whose identity is denied these operations, as by what `waxseal policy aws --role reader` leaves out. */
function cipherOf(identity: string, key: string, denied: readonly string[]): EnvelopeCipher {
  for (const operation of denied) server.faults.add({ fault: 'deny', identity, operation })
  const client = awsClient(server, { accessKeyId: identity, secretAccessKey: 'test' })
  return new EnvelopeCipher({ provider: new AwsProvider({ client, region: 'us-east-1', key }) })
}

test('a reader, which may not wrap, is ready by the canary of a writer, as long as it may unwrap', async () => {
  const writer = await awsUnderTest(server)
  const cipher = new EnvelopeCipher({ provider: writer.provider })
  const canary = await mintCanary(cipher)
  const { metadata } = await cipher.mint(BINDING)
  const { id } = await writer.provider.currentKek({})

  const reader = cipherOf('reader', id, ['GenerateDataKey', 'Encrypt', 'ReEncrypt'])
  await expect(reader.open(metadata, BINDING)).resolves.toBeDefined()
  const before = server.calls.length
  expect(await healthCheck(reader, { canary })()).toMatchObject({ status: 'ok', keks: [{ kek: { id } }] })
  expect(server.calls.slice(before).map(({ operation }) => operation)).toEqual(['Decrypt'])
  expect(await healthCheck(reader)()).toMatchObject({ status: 'failed', keks: [{ code: 'ERR_KMS_ACCESS_DENIED' }] })

  const nobody = cipherOf('nobody', id, ['GenerateDataKey', 'Encrypt', 'ReEncrypt', 'Decrypt'])
  expect(await healthCheck(nobody, { canary })()).toMatchObject({
    status: 'failed',
    keks: [{ code: 'ERR_KMS_ACCESS_DENIED' }],
  })
})
