import { createHash, randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import { CryptographyClient } from '@azure/keyvault-keys'
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { azureFailureOf } from '../../providers/azure/errors.js'
import { AzureProvider } from '../../providers/azure/index.js'
import { DataKey } from '../../src/index.js'
import { startTestKms, type TestKmsServer } from '../../src/testing/index.js'
import { type AzureUnderTest, azureClient, azureUnderTest, azureVersionOf, RECHECK_MS } from './azure-under-test.js'

const CONTEXT = { tenant: 'a' }

let server: TestKmsServer
let underTest: AzureUnderTest

beforeAll(async () => {
  server = await startTestKms('azure')
})
afterAll(() => server.close())
beforeEach(async () => {
  underTest = await azureUnderTest(server)
})

/** What the application asked of the vault while `run`, in order. */
async function asked(run: () => Promise<unknown>): Promise<string[]> {
  const before = server.calls.length
  await run()
  return server.calls.slice(before).map(({ operation }) => operation)
}

test('Azure local RSA-OAEP wrap: the SDK asks nobody for it, and the vault for each wrap of ours', async () => {
  const { operator, options, provider } = underTest
  const { id } = await operator.keys.getKey(options.key)
  const local = await azureClient(server, 'local').then(({ credential, settings }) => {
    return new CryptographyClient(id as string, credential, settings)
  })
  await local.wrapKey('RSA-OAEP', randomBytes(32))
  expect(await asked(() => local.wrapKey('RSA-OAEP', randomBytes(32)))).toEqual([])

  await provider.wrap(DataKey.generate(), CONTEXT)
  const uses = await asked(() => provider.wrap(DataKey.generate(), CONTEXT))
  expect(uses).toEqual(['KeyWrap', 'KeySign'])
  // As the provider has it, the SDK's client knows no public key and cannot wrap by itself under any algorithm.
  const remote = options.client.cryptographyOf(await azureVersionOf(underTest)) as CryptographyClient
  expect(await asked(() => remote.wrapKey('RSA-OAEP', randomBytes(32)))).toEqual(['Authentication', 'KeyWrap'])
})

test('stale keyID after rotation: the SDK reports the version that it saw first, a KEK ref the one that wrapped', async () => {
  const { operator, options, provider, control } = underTest
  const { id, properties } = await operator.keys.getKey(options.key)
  const { credential, settings } = await azureClient(server, 'unversioned')
  const unversioned = new CryptographyClient((id as string).replace(/\/[0-9a-f]{32}$/, ''), credential, settings)
  await unversioned.wrapKey('RSA-OAEP-256', randomBytes(32))
  const before = await provider.generateDataKey(CONTEXT)
  await control.newKekVersion()
  const newest = (await operator.keys.getKey(options.key)).properties.version
  const { keyID } = await unversioned.wrapKey('RSA-OAEP-256', randomBytes(32))
  expect(keyID?.endsWith(properties.version as string)).toBe(true)

  const { wrapped, dataKey } = await provider.generateDataKey(CONTEXT)
  expect(wrapped.kek.version).toBe(newest)
  expect((await provider.unwrap(wrapped, CONTEXT)).keyObject.equals(dataKey.keyObject)).toBe(true)
  await expect(provider.unwrap(before.wrapped, CONTEXT)).resolves.toBeInstanceOf(DataKey)
})

test('wrap under a disabled version: the vault does it, the provider does not', async () => {
  const { options, provider, control } = underTest
  const kek = await provider.currentKek(CONTEXT)
  await control.disable(kek)
  const client = options.client.cryptographyOf(await azureVersionOf(underTest))
  expect((await client.wrapKey('RSA-OAEP-256', randomBytes(32))).result).toHaveLength(256)

  const refused = { code: 'ERR_KEK_UNAVAILABLE', message: expect.stringContaining('is disabled') }
  expect(await asked(() => expect(provider.generateDataKey(CONTEXT)).rejects.toMatchObject(refused))).toEqual([
    'KeyGet',
  ])
})

test('an expired version wraps no more and still unwraps, which the SDK by itself refuses', async () => {
  const { operator, options, provider, clock, identity } = underTest
  const { wrapped, dataKey } = await provider.generateDataKey(CONTEXT)
  const expiresOn = new Date(Date.now() - 60_000)
  await operator.keys.updateKeyProperties(options.key, wrapped.kek.version, { expiresOn })
  const { credential, settings } = await azureClient(server, identity)
  const { id } = await azureVersionOf(underTest)
  await expect(
    new CryptographyClient(id, credential, settings).unwrapKey('RSA-OAEP-256', randomBytes(256)),
  ).rejects.toThrow('expired')

  expect((await provider.unwrap(wrapped, CONTEXT)).keyObject.equals(dataKey.keyObject)).toBe(true)
  await clock.advance(60_000)
  const refused = { code: 'ERR_KEK_UNAVAILABLE', message: expect.stringContaining('is expired') }
  await expect(provider.generateDataKey(CONTEXT)).rejects.toMatchObject(refused)
})

test('both spellings of the inner error code are read, of which the SDK keeps one', () => {
  for (const spelling of ['innererror', 'innerError']) {
    const parsedBody = { error: { code: 'Forbidden', message: '', [spelling]: { code: 'KeyDisabled' } } }
    const reply = { status: 403, headers: { get: () => undefined }, parsedBody }
    expect(azureFailureOf(new Error(), reply)).toEqual({ failure: 'kek unavailable', status: 'KeyDisabled' })
  }
  const reply = { status: 403, headers: { get: () => undefined }, parsedBody: { error: { code: 'Forbidden' } } }
  expect(azureFailureOf(new Error(), reply)).toEqual({ failure: 'denied', status: 'Forbidden' })
})

test('a 429 without Retry-After is throttling, tried once; one with it says for how long', async () => {
  const { provider, identity } = underTest
  const { wrapped } = await provider.generateDataKey(CONTEXT)
  await provider.unwrap(wrapped, CONTEXT)
  for (const retryAfterMs of [undefined, 3_000]) {
    server.faults.add({ fault: 'throttle', times: 1, identity, ...(retryAfterMs && { retryAfterMs }) })
    const throttled = { code: 'ERR_KMS_UNAVAILABLE', reason: 'throttled', retryable: true }
    const uses = await asked(async () => {
      const error = await provider.unwrap(wrapped, CONTEXT).catch((reason: unknown) => reason)
      expect(error).toMatchObject(throttled)
      expect((error as { retryAfterMs?: number }).retryAfterMs).toBe(retryAfterMs)
    })
    expect(uses).toEqual(['KeyUnwrap'])
  }
})

test('a vault that does not answer is given up at the deadline', async () => {
  const { provider, identity } = underTest
  const { wrapped } = await provider.generateDataKey(CONTEXT)
  server.faults.add({ fault: 'hang', identity })
  const unwrap = provider.unwrap(wrapped, CONTEXT, { deadline: Date.now() + 20 })
  await expect(unwrap).rejects.toMatchObject({ code: 'ERR_KMS_UNAVAILABLE', reason: 'timeout', retryable: true })
})

test('the first calls of a client at once lose none of their bodies', async () => {
  const { options, provider } = underTest
  const { wrapped, dataKey } = await provider.generateDataKey(CONTEXT)
  const fresh = new AzureProvider({ ...options, client: await azureClient(server, 'fresh') })
  await fresh.currentKek(CONTEXT)
  // The first request of the client that unwraps is overtaken by any that is sent beside it.
  server.faults.add({ fault: 'latency', ms: 500, times: 1, operation: 'Authentication' })
  const unwraps = Array.from({ length: 20 }, async () => {
    return (await fresh.unwrap(wrapped, CONTEXT)).keyObject.equals(dataKey.keyObject)
  })
  await expect(Promise.all(unwraps)).resolves.toEqual(unwraps.map(() => true))
})

test('a process asks for each key and a token once, then a wrap is two calls and an unwrap one', async () => {
  const { provider, clock } = underTest
  const { wrapped } = await provider.generateDataKey(CONTEXT)
  await provider.unwrap(wrapped, CONTEXT)
  expect(await asked(() => provider.generateDataKey(CONTEXT))).toEqual(['KeyWrap', 'KeySign'])
  expect(await asked(() => provider.unwrap(wrapped, CONTEXT))).toEqual(['KeyUnwrap'])
  await clock.advance(RECHECK_MS)
  expect(await asked(() => provider.unwrap(wrapped, CONTEXT))).toEqual(['KeyGet', 'KeyUnwrap'])
  expect(await asked(() => provider.generateDataKey(CONTEXT))).toEqual(['KeyGet', 'KeyWrap', 'KeyGet', 'KeySign'])

  const first = await azureUnderTest(server)
  const challenged = ['Authentication', 'KeyGet', 'Authentication', 'KeyWrap', 'KeyGet', 'Authentication', 'KeySign']
  expect(await asked(() => first.provider.generateDataKey(CONTEXT))).toEqual(challenged)
})

test('an error holds neither the request nor its token', async () => {
  const { provider, identity } = underTest
  const { wrapped } = await provider.generateDataKey(CONTEXT)
  server.faults.add({ fault: 'deny', identity })
  const error = await provider.unwrap(wrapped, CONTEXT).catch((reason: unknown) => reason)
  expect(error).toMatchObject({ code: 'ERR_KMS_ACCESS_DENIED', message: expect.stringContaining('ForbiddenByRbac') })
  expect((error as Error).cause).toBeUndefined()
  expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(identity)
})

test('the token of a call is in the user agent, which the audit log has', async () => {
  const { options } = underTest
  const agents: (string | undefined)[] = []
  const client = await azureClient(server, 'agent', (request) => agents.push(request.headers.get('user-agent')))
  const callToken = createHash('sha256').update('call').digest('hex')
  await new AzureProvider({ ...options, client }).wrap(DataKey.generate(), CONTEXT, { callToken })
  expect(new Set(agents)).toEqual(new Set([`waxseal-call/${callToken}`]))
})

test('a KEK ref whose version is none of Key Vault is refused without a call', async () => {
  const { provider } = underTest
  const { wrapped } = await provider.generateDataKey(CONTEXT)
  for (const version of ['', wrapped.kek.version.toUpperCase(), `${wrapped.kek.version}/`, '../secrets']) {
    const unwrap = provider.unwrap({ ...wrapped, kek: { ...wrapped.kek, version } }, CONTEXT)
    const uses = await asked(() => expect(unwrap).rejects.toMatchObject({ code: 'ERR_KEK_NOT_ACCEPTED' }))
    expect(uses).toEqual([])
  }
})
