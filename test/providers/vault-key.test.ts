import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { DataKey } from '../../src/kms/index.js'
import { startTestKms, type TestKmsServer } from '../../src/testing/index.js'
import { STUB_KEY, type StubReply, stubVault } from './vault-stub.js'
import { vaultOperator, vaultUnderTest } from './vault-under-test.js'

let server: TestKmsServer

beforeAll(async () => {
  server = await startTestKms('vault')
})
afterAll(() => server.close())

async function remove(key: string): Promise<void> {
  const path = key.replace('/', '/keys/')
  await vaultOperator(server, 'POST', `${path}/config`, { deletion_allowed: true })
  await vaultOperator(server, 'DELETE', path)
}

test('never creates a key by accident: not where it is missing', async () => {
  const { provider, key, control } = await vaultUnderTest(server)
  await remove(key)
  await expect(provider.generateDataKey({})).rejects.toMatchObject({ code: 'ERR_KEK_UNAVAILABLE' })
  await expect(provider.wrap(DataKey.generate(), {})).rejects.toMatchObject({ code: 'ERR_KEK_UNAVAILABLE' })
  expect(control.vendorCalls()).toEqual(['currentKek', 'currentKek'])
  await expect(vaultOperator(server, 'GET', key.replace('/', '/keys/'))).rejects.toThrow('404')
})

test('never creates a key by accident: not where it was deleted after it was looked up', async () => {
  const { provider, key } = await vaultUnderTest(server)
  await provider.wrap(DataKey.generate(), {})
  await remove(key)
  await expect(provider.wrap(DataKey.generate(), {})).rejects.toMatchObject({ code: 'ERR_KEK_UNAVAILABLE' })
  await expect(vaultOperator(server, 'GET', key.replace('/', '/keys/'))).rejects.toThrow('404')
})

const UNFIT: readonly (readonly [string, object, string])[] = [
  ['without derivation', { ...STUB_KEY, derived: false }, 'not derived'],
  ['that is convergent', { ...STUB_KEY, convergent_encryption: true }, 'convergent'],
  ['that only signs', { ...STUB_KEY, type: 'ed25519' }, 'its type is none of'],
  ['without a version', { ...STUB_KEY, latest_version: undefined }, 'no transit engine'],
]
for (const [what, data, message] of UNFIT) {
  test(`a key ${what} is refused before anything is sent`, () => refused({ body: { data } }, message))
}

test('a mount of another type is refused before anything is sent', async () => {
  // A secret that lies where the key would be described; what is posted to such a mount is stored as it is.
  await refused({ body: { data: { password: 'test only' } } }, 'expected a mount of type transit')
  await refused(
    { status: 404, body: { data: null, warnings: ['Invalid path for a versioned K/V'] } },
    'unknown to the KMS',
  )
})

async function refused(described: StubReply, message: string): Promise<void> {
  const { provider, requests, close } = await stubVault(() => described)
  try {
    await expect(provider.generateDataKey({})).rejects.toThrow(message)
    await expect(provider.wrap(DataKey.generate(), {})).rejects.toThrow(message)
    await expect(provider.currentKek({})).rejects.toThrow(message)
    expect(requests.map(({ method }) => method)).toEqual(['GET', 'GET', 'GET'])
  } finally {
    await close()
  }
}

test('a version that the reply says twice, and differently, is refused', async () => {
  const ciphertext = `vault:v2:${Buffer.alloc(60).toString('base64')}`
  const data = { ...STUB_KEY, ciphertext, key_version: 1, plaintext: Buffer.alloc(32).toString('base64') }
  const { provider, close } = await stubVault(() => ({ body: { data } }))
  await expect(provider.generateDataKey({})).rejects.toThrow('datakey/plaintext answered an incomplete reply')
  await close()
})

test('a rotation that was not looked up yet is seen in the next reply', async () => {
  const { provider, key } = await vaultUnderTest(server)
  const before = await provider.currentKek({})
  await vaultOperator(server, 'POST', `${key.replace('/', '/keys/')}/rotate`)
  await expect(provider.currentKek({})).resolves.toEqual(before)
  expect((await provider.generateDataKey({})).wrapped.kek.version).toBe('2')
  await expect(provider.currentKek({})).resolves.toMatchObject({ version: '2' })
})

test('a rotation that was not looked up yet is seen after recheckMs', async () => {
  const { provider, control } = await vaultUnderTest(server)
  await provider.currentKek({})
  await control.newKekVersion()
  await expect(provider.currentKek({})).resolves.toMatchObject({ version: '2' })
})

test('a ciphertext whose base64 is not canonical is refused without a call', async () => {
  const { provider, control } = await vaultUnderTest(server)
  const { wrapped } = await provider.generateDataKey({})
  const before = control.vendorCalls().length
  for (const text of ['vault:v1:QR==', 'vault:v1:QQ=', 'vault:v01:QQ==', 'vault:v1:QQ==\n', ' vault:v1:QQ==']) {
    const altered = { kek: wrapped.kek, bytes: Buffer.from(text) }
    await expect(provider.unwrap(altered, {})).rejects.toMatchObject({ code: 'ERR_DECRYPTION_FAILED' })
  }
  expect(control.vendorCalls()).toHaveLength(before)
})
