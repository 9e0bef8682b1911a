import { setImmediate } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { DataKey } from '../../src/kms/data-key.js'
import { RetryingProvider } from '../../src/kms/retrying-provider.js'
import { assertRejects, assertSameDataKey, uniqueContext } from '../../src/testing/contract/assertions.js'
import { startTestKms, type TestKmsServer } from '../../src/testing/index.js'
import { refusingGcp } from './gcp-refusing.js'
import { closeGcpServer, type GcpUnderTest, gcpUnderTest } from './gcp-under-test.js'

let server: TestKmsServer

beforeAll(async () => {
  server = await startTestKms('gcp')
})
afterAll(() => closeGcpServer(server))

const callsOf = ({ identity }: GcpUnderTest) => server.calls.filter((call) => call.identity === identity)

test('GCP Int64 as string: a checksum comes as text and is compared as such', async () => {
  const { operator, key, provider } = await gcpUnderTest(server)
  const [reply] = await operator.encrypt({ name: key, plaintext: Buffer.from('x') })
  expect(typeof reply.ciphertextCrc32c!.value).toBe('string')
  const context = uniqueContext()
  await expect(provider.wrap(DataKey.generate(), context)).resolves.toMatchObject({ kek: { id: key } })
})

test('code 13 on decrypt is not retried: it may be a ciphertext that does not open', async () => {
  const refusing = await refusingGcp(13)
  try {
    const retrying = new RetryingProvider(refusing.provider)
    await assertRejects(retrying.unwrap(refusing.wrapped, {}), 'ERR_DECRYPTION_FAILED')
    expect(refusing.calls()).toEqual(['Decrypt'])
  } finally {
    await refusing.close()
  }
})

test('Encrypt still used the old primary: a wrap names the version that it is to be made with', async () => {
  const underTest = await gcpUnderTest(server)
  const { provider, control, operator, key, identity } = underTest
  const context = uniqueContext()
  const { dataKey, wrapped } = await provider.generateDataKey(context)
  await control.newKekVersion()
  server.faults.add({ fault: 'old version', operation: 'Encrypt', identity: 'operator', times: 1 })
  server.faults.add({ fault: 'old version', operation: 'Encrypt', identity })
  // What the provider would have met with the name of the key.
  const [late] = await operator.encrypt({ name: key, plaintext: Buffer.from('x') })
  expect(late.name).toBe(`${key}/cryptoKeyVersions/1`)
  const rewrapping = provider.rewrap(wrapped, context)
  await expect(rewrapping).resolves.toMatchObject({ kek: { version: '2' } })
  const rewrapped = await rewrapping
  expect(await provider.currentKek(context)).toEqual(rewrapped.kek)
  assertSameDataKey(await provider.unwrap(rewrapped, context), dataKey)
})

test.each([
  ['Encrypt', 'request', 'plaintext'],
  ['Encrypt', 'request', 'additionalAuthenticatedData'],
  ['Encrypt', 'request', 'plaintextCrc32c'],
  ['Encrypt', 'request', 'additionalAuthenticatedDataCrc32c'],
  ['Encrypt', 'reply', 'ciphertext'],
  ['Encrypt', 'reply', 'ciphertextCrc32c'],
  ['Decrypt', 'request', 'ciphertext'],
  ['Decrypt', 'request', 'additionalAuthenticatedData'],
  ['Decrypt', 'reply', 'plaintext'],
  ['Decrypt', 'reply', 'plaintextCrc32c'],
] as const)('CRC mismatch both ways: %s with a %s whose %s was altered on its way', async (operation, of, field) => {
  const { provider, fail } = await gcpUnderTest(server)
  const context = uniqueContext()
  const { dataKey, wrapped } = await provider.generateDataKey(context)
  await fail({ fault: 'corruption', of, field, operation, times: 1 })
  const call = () => (operation === 'Encrypt' ? provider.wrap(dataKey, context) : provider.unwrap(wrapped, context))
  const error = await assertRejects(call(), 'ERR_KMS_UNAVAILABLE', true)
  expect(error).toMatchObject({ reason: 'network' })
  await call()
})

test('SDK that never times out: a call ends at its deadline without anybody aborting it', async () => {
  const { provider, control, clock } = await gcpUnderTest(server)
  const context = uniqueContext()
  const { dataKey, wrapped } = await provider.generateDataKey(context)
  await control.hang()
  for (const use of [
    () => provider.unwrap(wrapped, context, { deadline: clock.now() + 20 }),
    () => provider.wrap(dataKey, context, { deadline: clock.now() + 20 }),
    () => provider.rewrap(wrapped, context, { deadline: clock.now() + 20 }),
  ]) {
    expect(await assertRejects(use(), 'ERR_KMS_UNAVAILABLE', true)).toMatchObject({ reason: 'timeout' })
  }
})

test('a call whose deadline has passed is not waited for, although the KMS would answer', async () => {
  const { provider, clock } = await gcpUnderTest(server)
  const { wrapped } = await provider.generateDataKey({})
  const late = provider.unwrap(wrapped, {}, { deadline: clock.now() })
  expect(await assertRejects(late, 'ERR_KMS_UNAVAILABLE', true)).toMatchObject({ reason: 'timeout' })
})

test('SDK whose calls cannot be cancelled: one that is aborted ends before one that is not', async () => {
  const underTest = await gcpUnderTest(server)
  const { provider, control } = underTest
  const { wrapped } = await provider.generateDataKey({})
  await control.hang()
  const before = callsOf(underTest).length
  const [one, other] = [new AbortController(), new AbortController()]
  const ends = (name: string, { signal }: AbortController) =>
    provider.unwrap(wrapped, {}, { signal }).then(
      () => `${name} has an answer`,
      (reason: unknown) => (reason === signal.reason ? `${name} was aborted` : `${name} met its deadline`),
    )
  const both = [ends('the first', one), ends('the second', other)]
  while (callsOf(underTest).length < before + both.length) await setImmediate()
  other.abort(new Error('aborted'))
  expect(await Promise.race(both)).toBe('the second was aborted')
  one.abort(new Error('aborted as well'))
  await Promise.all(both)
})

test('SDK that retries by itself: each attempt is one call', async () => {
  const underTest = await gcpUnderTest(server)
  const { provider, control } = underTest
  const context = uniqueContext()
  const { wrapped } = await provider.generateDataKey(context)
  const before = callsOf(underTest).length
  await control.failWithServerError()
  await assertRejects(provider.unwrap(wrapped, context), 'ERR_KMS_UNAVAILABLE', true)
  await assertRejects(provider.wrap(DataKey.generate(), context), 'ERR_KMS_UNAVAILABLE', true)
  expect(callsOf(underTest).length).toBe(before + 2)
})

test.each(['wrap', 'unwrap'] as const)(
  'ECONNRESET: a connection that breaks during %s is one to try again',
  async (use) => {
    const { provider, fail } = await gcpUnderTest(server)
    const context = uniqueContext()
    const { dataKey, wrapped } = await provider.generateDataKey(context)
    await fail({ fault: 'lost reply', times: 1 })
    const call = () => (use === 'wrap' ? provider.wrap(dataKey, context) : provider.unwrap(wrapped, context))
    expect(await assertRejects(call(), 'ERR_KMS_UNAVAILABLE', true)).toMatchObject({ reason: 'network' })
    await call()
  },
)

test('wrap under a disabled version: the primary is asked for again', async () => {
  const { provider, control, operator, key } = await gcpUnderTest(server)
  const context = uniqueContext()
  const { dataKey, wrapped } = await provider.generateDataKey(context)
  // Without the time passing after which the provider asks by itself.
  await operator.createCryptoKeyVersion({ parent: key, cryptoKeyVersion: {} })
  await operator.updateCryptoKeyPrimaryVersion({ name: key, cryptoKeyVersionId: '2' })
  await control.disable(wrapped.kek)
  const wrapping = provider.wrap(dataKey, context)
  await expect(wrapping).resolves.toMatchObject({ kek: { version: '2' } })
  const again = await wrapping
  expect(await provider.currentKek(context)).toEqual(again.kek)
  assertSameDataKey(await provider.unwrap(again, context), dataKey)
})
