import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { connectGcpClient } from '../../providers/gcp/connect.js'
import { connectGcp } from '../../providers/gcp/index.js'
import { assertRejects, assertSameDataKey } from '../../src/testing/contract/assertions.js'
import { startTestKms, type TestKmsServer } from '../../src/testing/index.js'

const KEY = 'projects/test/locations/global/keyRings/test/cryptoKeys/test'
let server: TestKmsServer

beforeAll(async () => {
  server = await startTestKms('gcp')
})
afterAll(() => server.close())

test('connects to the test server with what that prints', async () => {
  const { WAXSEAL_GCP_KEY: key, WAXSEAL_GCP_ENDPOINT: endpoint, WAXSEAL_GCP_INSECURE: insecure } = server.environment
  const provider = await connectGcp({ key, endpoint, insecure })
  const { dataKey, wrapped } = await provider.generateDataKey({ a: 'b' })
  assertSameDataKey(await provider.unwrap(wrapped, { a: 'b' }), dataKey)
})

test.each([
  ['no key', { endpoint: 'localhost:1' }, /"key" is missing/],
  ['an unknown option', { key: KEY, keys: KEY }, /unknown option "keys"/],
  ['a key that is no name', { key: 'kek' }, /name of a CryptoKey/],
  ['an endpoint that is a URL', { key: KEY, endpoint: 'https://localhost:1' }, /host:port/],
  ['an endpoint without a port', { key: KEY, endpoint: 'localhost' }, /host:port/],
  ['"insecure" without a test server', { key: KEY, insecure: 'true' }, /expected its "endpoint"/],
  ['"insecure" that is neither', { key: KEY, endpoint: 'localhost:1', insecure: 'false' }, /must be true/],
  ['a quota without credentials', { key: KEY, endpoint: 'a:1', insecure: 'true', quotaProject: 'p' }, /"quotaProject"/],
])('refuses %s', async (_, section, message) => {
  expect(await assertRejects(connectGcp(section), 'ERR_CONFIGURATION')).toMatchObject({
    message: expect.stringMatching(message),
  })
})

test('an endpoint with a password in it is refused and not repeated', async () => {
  const refused = connectGcp({ key: KEY, endpoint: 'https://user:not-a-real-password@localhost:1' })
  const { message } = await assertRejects(refused, 'ERR_CONFIGURATION')
  expect(message).not.toContain('not-a-real-password')
})

test('"previousKeys" are separated by commas', async () => {
  const { previousKeys } = await connectGcpClient({ key: KEY, previousKeys: `${KEY}1, ${KEY}2` })
  expect(previousKeys).toEqual([`${KEY}1`, `${KEY}2`])
})

test('"quotaProject" is who pays, in the credentials of the SDK', async () => {
  const { client } = await connectGcpClient({ key: KEY, quotaProject: 'billed' })
  expect(client).toMatchObject({ auth: { clientOptions: { quotaProjectId: 'billed' } } })
})
