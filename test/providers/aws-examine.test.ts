import { createServer } from 'node:http'
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals'
import { awsAccess } from '../../providers/aws/access.js'
import { startTestKms, type TestKmsServer } from '../../src/testing/index.js'
import { forward } from '../../src/testing/servers/http-kms-server.js'
import { bodyOf, type Listener, listen } from '../../src/testing/servers/http-listener.js'
import { awsClient } from './aws-under-test.js'

type Change = (json: Record<string, any>) => void

let server: TestKmsServer
let key: string
const fronts: Listener[] = []

beforeAll(async () => {
  server = await startTestKms('aws')
  for (const [name, value] of Object.entries(server.environment)) process.env[name] = value
  const { KeyMetadata } = await awsClient(server).createKey({})
  key = KeyMetadata!.Arn!
  await awsClient(server).enableKeyRotation({ KeyId: key })
})
afterEach(async () => {
  server.faults.clear()
  for (const front of fronts.splice(0)) await front.close()
})
afterAll(() => server.close())

/** What doctor finds at a KMS that hears or answers otherwise than the test server. */
async function examine(role: 'writer' | 'reader', changes: { readonly request?: Change; readonly reply?: Change }) {
  const changed = (bytes: Uint8Array, change: Change = () => undefined) => {
    const json = JSON.parse(Buffer.from(bytes).toString('utf8'))
    change(json)
    return Buffer.from(JSON.stringify(json))
  }
  const front = await listen(
    createServer(async (message, response) => {
      const body = changed(await bodyOf(message), changes.request)
      const reply = await forward(server.endpoint, { message, body, requestId: '' })
      response.writeHead(reply.status, reply.headers).end(changed(reply.body as Uint8Array, changes.reply))
    }),
  )
  fronts.push(front)
  const findings = await awsAccess.examine({ key, endpoint: `http://127.0.0.1:${front.port}` }, role, {})
  return Object.fromEntries(findings.map(({ code, message }) => [code, message]))
}

const withoutDryRun: Change = (request) => delete request['DryRun']

test('a server without DryRun does what it is asked with a canary, and tells as much', async () => {
  server.faults.add({ fault: 'deny', operation: 'ReEncrypt' })
  const before = server.calls.length
  expect(await examine('writer', { request: withoutDryRun })).toEqual({ ACCESS_AS_NEEDED: expect.any(String) })
  const calls = server.calls.slice(before).map(({ operation, status }) => `${operation} ${status}`)
  const asked = ['Decrypt InvalidCiphertextException', 'Encrypt ok', 'GenerateDataKey ok']
  expect(calls.sort()).toEqual(expect.arrayContaining(asked))
})

test('a server without DryRun tells what is missing and what is too much', async () => {
  server.faults.add({ fault: 'deny', operation: 'Decrypt' })
  expect(await examine('reader', { request: withoutDryRun })).toEqual({
    ACCESS_MISSING: expect.stringContaining('needs kms:Decrypt,'),
    ACCESS_EXCESSIVE: expect.stringContaining('without kms:GenerateDataKey, kms:Encrypt, kms:ReEncrypt,'),
  })
})

test('a key of the wrong type is no KEK, whoever may use it', async () => {
  server.faults.add({ fault: 'deny', operation: 'ReEncrypt' })
  const reply: Change = ({ KeyMetadata }) => {
    if (KeyMetadata) Object.assign(KeyMetadata, { KeySpec: 'RSA_2048', KeyUsage: 'SIGN_VERIFY' })
  }
  expect(await examine('writer', { reply })).toMatchObject({
    KEK_UNSUITABLE: `${key}: its type is RSA_2048, expected SYMMETRIC_DEFAULT; its usage is SIGN_VERIFY, expected ENCRYPT_DECRYPT`,
  })
})
