import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { connectAzure } from '../../providers/azure/index.js'
import { DataKey } from '../../src/index.js'
import { startTestKms, type TestKmsServer } from '../../src/testing/index.js'
import { type AzureUnderTest, azureUnderTest } from './azure-under-test.js'

const VAULT = { vaultUrl: 'https://acme.vault.azure.net', key: 'kek', signingKey: 'signer' }

let server: TestKmsServer
let underTest: AzureUnderTest
let folder: string

beforeAll(async () => {
  server = await startTestKms('azure')
  underTest = await azureUnderTest(server)
  folder = await mkdtemp(join(tmpdir(), 'azure-connect-'))
})
afterAll(async () => {
  await server.close()
  await rm(folder, { recursive: true })
})

const section = (changed: Record<string, unknown> = {}) => ({
  vaultUrl: server.endpoint,
  key: underTest.options.key,
  signingKey: underTest.options.signingKey,
  caFile: server.environment['WAXSEAL_AZURE_CA_FILE'],
  tokenFile: server.environment['WAXSEAL_AZURE_TOKEN_FILE'],
  ...changed,
})

test('a section of text makes a provider whose wraps open', async () => {
  const provider = await connectAzure(section())
  const { wrapped, dataKey } = await provider.generateDataKey({ tenant: 'a' })
  const opened = await underTest.provider.unwrap(wrapped, { tenant: 'a' })
  expect(opened.keyObject.equals(dataKey.keyObject)).toBe(true)
  expect(wrapped.kek.id).toBe(`${new URL(server.endpoint).host}/${underTest.options.key}`)
})

test('wraps under a previous key open, and are rewrapped under the current one', async () => {
  const { wrapped } = await underTest.provider.generateDataKey({})
  const another = await azureUnderTest(server)
  const { signingKey } = underTest.options
  const changed = section({ key: another.options.key, signingKey, previousKeys: underTest.options.key })
  const { kek } = await (await connectAzure(changed)).rewrap(wrapped, {})
  expect(kek.id).toContain(another.options.key)
})

test('the token is what the file says, without the end of its line', async () => {
  const tokenFile = join(folder, 'token')
  await writeFile(tokenFile, 'first\n')
  const provider = await connectAzure(section({ tokenFile }))
  await provider.generateDataKey({})
  expect(server.calls.at(-1)?.identity).toBe('first')
})

test('the SDK does not try again by itself', async () => {
  const provider = await connectAzure(section())
  server.faults.add({ fault: 'throttle', times: 1, retryAfterMs: 0, operation: 'KeyGet', identity: 'test' })
  await expect(provider.currentKek({})).rejects.toMatchObject({ reason: 'throttled', retryAfterMs: 0 })
})

test('the SDK looks up no key by itself, so that a reader needs only to unwrap, under an expired version too', async () => {
  const { operator, options, provider } = underTest
  const { wrapped } = await provider.generateDataKey({})
  const expiresOn = new Date(Date.now() - 60_000)
  await operator.keys.updateKeyProperties(options.key, wrapped.kek.version, { expiresOn })
  const before = server.calls.length
  const reader = await connectAzure(section())
  await expect(reader.unwrap(wrapped, {})).resolves.toBeInstanceOf(DataKey)
  const operations = server.calls.slice(before).map(({ operation }) => operation)
  expect(operations).toEqual(['Authentication', 'KeyGet', 'Authentication', 'KeyUnwrap'])
})

test('a certificate that is not trusted is a mistake of the configuration', async () => {
  const provider = await connectAzure(section({ caFile: undefined }))
  const message = expect.stringMatching(/getKey answered (DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN)/)
  await expect(provider.currentKek({})).rejects.toMatchObject({ code: 'ERR_CONFIGURATION', message })
})

test('without any credential nothing is sent, and the caller is denied', async () => {
  const provider = await connectAzure(section({ tokenFile: undefined, clientId: 'none', tenantId: 'none' }))
  const refused = { code: 'ERR_KMS_ACCESS_DENIED', retryable: false }
  await expect(provider.currentKek({}, { signal: AbortSignal.timeout(30_000) })).rejects.toMatchObject(refused)
})

test.each([
  ['no key', { key: undefined }, '"key" is missing'],
  ['a key with a version', { key: 'kek/0123456789abcdef0123456789abcdef' }, 'names of keys'],
  ['no signing key, and no word of it', { signingKey: undefined }, '"signingKey" is missing'],
  ['unsigned by another word', { unsigned: 'yes' }, '"unsigned" must be true'],
  ['one key for both', { signingKey: 'KEK' }, 'must be another key'],
  ['previous keys that are no names', { previousKeys: 'a b' }, 'names of keys'],
  ['no vault', { vaultUrl: undefined }, '"vaultUrl" must be'],
  ['a vault without TLS', { vaultUrl: 'http://acme.vault.azure.net' }, '"vaultUrl" must be'],
  ['the URL of a key', { vaultUrl: 'https://acme.vault.azure.net/keys/kek' }, '"vaultUrl" must be'],
  ['a URL with a password', { vaultUrl: 'https://a:b@acme.vault.azure.net' }, '"vaultUrl" must be'],
  ['a file that is not there', { caFile: '/nowhere/ca.pem' }, 'cannot be read (ENOENT)'],
  ['a token file that is not there', { tokenFile: '/nowhere/token' }, 'cannot be read (ENOENT)'],
  ['an unknown option', { endpoint: 'https://127.0.0.1' }, 'unknown option "endpoint"'],
])('%s is refused', async (_, changed, message) => {
  await expect(connectAzure({ ...VAULT, ...changed })).rejects.toMatchObject({
    code: 'ERR_CONFIGURATION',
    message: expect.stringContaining(message),
  })
})
