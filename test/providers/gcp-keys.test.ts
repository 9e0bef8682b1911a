import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { GcpProvider, type GcpProviderOptions } from '../../providers/gcp/index.js'
import { DataKey } from '../../src/kms/data-key.js'
import { assertRejects, assertSameDataKey, uniqueContext } from '../../src/testing/contract/assertions.js'
import { startTestKms, type TestKmsServer } from '../../src/testing/index.js'
import { closeGcpServer, gcpClient, gcpUnderTest } from './gcp-under-test.js'

let server: TestKmsServer

beforeAll(async () => {
  server = await startTestKms('gcp')
})
afterAll(() => closeGcpServer(server))

test('a key of "previousKeys" is unwrapped and rewrapped under "key"; another one is not', async () => {
  const [before, after] = [await gcpUnderTest(server), await gcpUnderTest(server)]
  const context = uniqueContext()
  const { dataKey, wrapped } = await before.provider.generateDataKey(context)
  await assertRejects(after.provider.unwrap(wrapped, context), 'ERR_KEK_NOT_ACCEPTED')
  const client = gcpClient(server, 'moving')
  const moving = new GcpProvider({ client, key: after.key, previousKeys: [before.key] })
  const rewrapped = await moving.rewrap(wrapped, context)
  expect(rewrapped.kek).toEqual({ provider: 'gcp', id: after.key, version: '1' })
  assertSameDataKey(await after.provider.unwrap(rewrapped, context), dataKey)
})

test.each(['', '0', '01', '1 ', '-1', '1/x', 'primary'])(
  'a row with the version "%s" is refused without a call',
  async (version) => {
    const { provider, control } = await gcpUnderTest(server)
    const { wrapped } = await provider.generateDataKey({})
    const before = control.vendorCalls().length
    const exchanged = { kek: { ...wrapped.kek, version }, bytes: wrapped.bytes }
    await assertRejects(provider.unwrap(exchanged, {}), 'ERR_KEK_NOT_ACCEPTED')
    expect(control.vendorCalls().length).toBe(before)
  },
)

test('a wrapped key that is too long for the KMS is no mistake of the configuration', async () => {
  const { provider } = await gcpUnderTest(server)
  const { wrapped } = await provider.generateDataKey({})
  await assertRejects(provider.unwrap({ kek: wrapped.kek, bytes: new Uint8Array(65_537) }, {}), 'ERR_DECRYPTION_FAILED')
})

test('the token of a call is the reason of the request', async () => {
  const { provider, identity } = await gcpUnderTest(server)
  await provider.wrap(DataKey.generate(), {}, { callToken: 'token-of-a-call' })
  const tokens = server.calls.filter((call) => call.identity === identity).map(({ requestId }) => requestId)
  expect(tokens).toEqual(['token-of-a-call', 'token-of-a-call'])
})

test('the primary version is asked for once in "recheckMs"', async () => {
  const { key, clock } = await gcpUnderTest(server)
  const provider = new GcpProvider({ client: gcpClient(server, 'rarely'), key, recheckMs: 1_000, clock })
  const asked = () => server.calls.filter(({ identity }) => identity === 'rarely').length
  await Promise.all([provider.currentKek({}), provider.currentKek({})])
  await clock.advance(999)
  await provider.currentKek({})
  expect(asked()).toBe(1)
  await clock.advance(1)
  await provider.currentKek({})
  expect(asked()).toBe(2)
})

test('a primary version that is set back is used again', async () => {
  const { provider, control, operator, key, clock } = await gcpUnderTest(server)
  await control.newKekVersion()
  expect((await provider.currentKek({})).version).toBe('2')
  await operator.updateCryptoKeyPrimaryVersion({ name: key, cryptoKeyVersionId: '1' })
  await clock.advance(60_000)
  expect((await provider.wrap(DataKey.generate(), {})).kek.version).toBe('1')
})

test('a key without a primary version has no KEK', async () => {
  const { operator, identity } = await gcpUnderTest(server)
  const [{ name }] = await operator.createCryptoKey({
    parent: `projects/test/locations/global/keyRings/${identity}`,
    cryptoKeyId: 'empty',
    cryptoKey: { purpose: 'ENCRYPT_DECRYPT' },
    skipInitialVersionCreation: true,
  })
  const provider = new GcpProvider({ client: operator, key: name! })
  await assertRejects(provider.currentKek({}), 'ERR_KEK_UNAVAILABLE')
})

test('a wrap with another version than the one that was named is not taken', async () => {
  const { provider, fail } = await gcpUnderTest(server)
  await fail({ fault: 'corruption', of: 'reply', field: 'name', operation: 'Encrypt' })
  await assertRejects(provider.wrap(DataKey.generate(), {}), 'ERR_CONFIGURATION')
})

test.each([
  ['an unknown option', { keys: 'x' }],
  ['a key that is no name', { key: 'kek' }],
  ['the name of a version', { key: 'projects/p/locations/l/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1' }],
  ['a previous key that is no name', { previousKeys: ['kek'] }],
])('is not made with %s', async (_, wrong) => {
  const { operator: client, key } = await gcpUnderTest(server)
  const options = { client, key, ...wrong } as GcpProviderOptions
  expect(() => new GcpProvider(options)).toThrow(expect.objectContaining({ code: 'ERR_CONFIGURATION' }))
})
