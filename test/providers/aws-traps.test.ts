import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { AwsProvider, type AwsProviderOptions } from '../../providers/aws/index.js'
import { DataKey } from '../../src/kms/data-key.js'
import { assertRejects, assertSameDataKey, uniqueContext } from '../../src/testing/contract/assertions.js'
import { ManualClock, startTestKms, type TestKmsServer } from '../../src/testing/index.js'
import { awsClient, awsUnderTest } from './aws-under-test.js'
import { changedReplies } from './changed-replies.js'

let server: TestKmsServer

beforeAll(async () => {
  server = await startTestKms('aws')
})
afterAll(() => server.close())

type Client = AwsProviderOptions['client']
const RECHECK_MS = 60_000

async function newKey(options: { MultiRegion?: boolean } = {}): Promise<string> {
  const { KeyMetadata } = await awsClient(server).createKey(options)
  return KeyMetadata!.Arn!
}

function providerOf(key: string, options: Partial<AwsProviderOptions> = {}): AwsProvider {
  return new AwsProvider({ client: awsClient(server), region: 'us-east-1', key, recheckMs: RECHECK_MS, ...options })
}

test('AWS Encrypt without KeyMaterialId: a wrap names the material that Decrypt reports, in the second of a rotation too', async () => {
  const { provider, control } = await awsUnderTest(server)
  const context = uniqueContext()
  const kek = await provider.currentKek(context)
  const operator = awsClient(server)
  const reply = await operator.encrypt({ KeyId: kek.id, Plaintext: Buffer.from('x') })
  expect(reply).not.toHaveProperty('KeyMaterialId')
  // Rotated without the provider's knowledge: its look-up still names the old material.
  await operator.rotateKeyOnDemand({ KeyId: kek.id })
  const wrapped = await provider.wrap(DataKey.generate(), context)
  const { KeyMetadata } = await operator.describeKey({ KeyId: kek.id })
  expect(wrapped.kek.version).toBe(KeyMetadata!.CurrentKeyMaterialId)
  expect(wrapped.kek.version).not.toBe(kek.version)
  expect(await provider.currentKek(context)).toEqual(wrapped.kek)
  expect(control.vendorCalls()).toEqual(['currentKek', 'wrap', 'unwrap', 'currentKek'])
})

test('a server without KeyMaterialId: the version is what DescribeKey says before and after, and unknown where they differ', async () => {
  const key = await newKey()
  const client = changedReplies(awsClient(server), ({ KeyMaterialId: _, ...reply }) => reply)
  const provider = providerOf(key, { client })
  const context = uniqueContext()
  const current = await provider.currentKek(context)
  expect((await provider.generateDataKey(context)).wrapped.kek).toEqual(current)
  await awsClient(server).rotateKeyOnDemand({ KeyId: key })
  const rotated = await provider.generateDataKey(context)
  expect(rotated.wrapped.kek).toEqual({ ...current, version: '' })
  assertSameDataKey(await provider.unwrap(rotated.wrapped, context), rotated.dataKey)
})

test('alias moved: what is current changes after the recheck, and old rows open with previousKeys alone', async () => {
  const [first, second] = [await newKey(), await newKey()]
  const operator = awsClient(server)
  const AliasName = `alias/moved-${first.slice(-36)}`
  await operator.createAlias({ AliasName, TargetKeyId: first })
  const clock = new ManualClock()
  const provider = providerOf(AliasName, { clock })
  const knowing = providerOf(AliasName, { clock, previousKeys: [first] })
  const context = uniqueContext()
  const old = await provider.generateDataKey(context)
  expect(old.wrapped.kek.id).toBe(first)
  await operator.updateAlias({ AliasName, TargetKeyId: second })
  expect((await provider.currentKek(context)).id).toBe(first)
  await clock.advance(RECHECK_MS)
  expect((await provider.currentKek(context)).id).toBe(second)
  await assertRejects(provider.unwrap(old.wrapped, context), 'ERR_KEK_NOT_ACCEPTED')
  await assertRejects(provider.rewrap(old.wrapped, context), 'ERR_KEK_NOT_ACCEPTED')
  assertSameDataKey(await knowing.unwrap(old.wrapped, context), old.dataKey)
  const rewrapped = await knowing.rewrap(old.wrapped, context)
  expect(rewrapped.kek.id).toBe(second)
  assertSameDataKey(await provider.unwrap(rewrapped, context), old.dataKey)
})

test.each([
  ['generateDataKey', 'GenerateDataKey'],
  ['wrap', 'Encrypt'],
  ['unwrap', 'Decrypt'],
  ['rewrap', 'ReEncrypt'],
])('wrong KeyId in the reply: %s of another key is refused', async (_, operation) => {
  const [key, other] = [await newKey(), await newKey()]
  const context = uniqueContext()
  const good = providerOf(key)
  const { dataKey, wrapped } = await good.generateDataKey(context)
  const client = changedReplies(awsClient(server), (reply, of) =>
    of === operation ? { ...reply, KeyId: other } : reply,
  )
  const uses: Readonly<Record<string, (provider: AwsProvider) => Promise<unknown>>> = {
    GenerateDataKey: (provider) => provider.generateDataKey(context),
    Encrypt: (provider) => provider.wrap(dataKey, context),
    Decrypt: (provider) => provider.unwrap(wrapped, context),
    ReEncrypt: (provider) => provider.rewrap(wrapped, context),
  }
  const error = await assertRejects(uses[operation]!(providerOf(key, { client })), 'ERR_CONFIGURATION')
  expect(error.message).toContain('for another key')
  await uses[operation]!(good)
})

test('wrong SourceKeyId in the reply: rewrap from another key is refused', async () => {
  const [key, other] = [await newKey(), await newKey()]
  const context = uniqueContext()
  const { wrapped } = await providerOf(key).generateDataKey(context)
  const client = changedReplies(awsClient(server), (reply) => ({ ...reply, SourceKeyId: other }))
  await assertRejects(providerOf(key, { client }).rewrap(wrapped, context), 'ERR_CONFIGURATION')
})

test('a reply under other key material than the row names is refused, and its plaintext zeroed', async () => {
  const key = await newKey()
  const context = uniqueContext()
  const { wrapped } = await providerOf(key).generateDataKey(context)
  const plaintexts: Uint8Array[] = []
  const other = 'f'.repeat(64)
  const client = changedReplies(awsClient(server), (reply, operation) => {
    if (operation === 'Decrypt') plaintexts.push(reply['Plaintext'] as Uint8Array)
    return { ...reply, KeyMaterialId: other, SourceKeyMaterialId: other }
  })
  const provider = providerOf(key, { client })
  await assertRejects(provider.unwrap(wrapped, context), 'ERR_DECRYPTION_FAILED')
  await assertRejects(provider.rewrap(wrapped, context), 'ERR_DECRYPTION_FAILED')
  expect(plaintexts).toEqual([new Uint8Array(32)])
})

test.each([
  ['unwrap without a data key', 'Decrypt', 'Plaintext'],
  ['generateDataKey without a wrapped data key', 'GenerateDataKey', 'CiphertextBlob'],
])('an incomplete reply is refused: %s', async (_, operation, member) => {
  const key = await newKey()
  const context = uniqueContext()
  const { wrapped } = await providerOf(key).generateDataKey(context)
  const client = changedReplies(awsClient(server), (reply) => ({ ...reply, [member]: undefined }))
  const provider = providerOf(key, { client })
  const use = operation === 'Decrypt' ? provider.unwrap(wrapped, context) : provider.generateDataKey(context)
  const error = await assertRejects(use, 'ERR_CONFIGURATION')
  expect(error.message).toContain('an incomplete reply')
})

test('GrantTokens are sent with every request', async () => {
  const key = await newKey()
  const requests: { operation: string; GrantTokens?: unknown }[] = []
  const client = changedReplies(
    awsClient(server),
    (reply) => reply,
    (request, operation) => requests.push({ operation, GrantTokens: request['GrantTokens'] }),
  )
  const provider = providerOf(key, { client, grantTokens: ['token-of-a-grant'] })
  const context = uniqueContext()
  const { dataKey, wrapped } = await provider.generateDataKey(context)
  await provider.wrap(dataKey, context)
  await provider.unwrap(wrapped, context)
  await provider.rewrap(wrapped, context)
  const operations = new Set(requests.map(({ operation }) => operation))
  expect([...operations].sort()).toEqual(['Decrypt', 'DescribeKey', 'Encrypt', 'GenerateDataKey', 'ReEncrypt'])
  for (const { GrantTokens } of requests) expect(GrantTokens).toEqual(['token-of-a-grant'])
})

test.each([
  ['empty', 0],
  ['longer than the KMS takes', 6_145],
])('a ciphertext that is %s is no request', async (_, length) => {
  const { provider, control } = await awsUnderTest(server)
  const { wrapped } = await provider.generateDataKey({})
  const before = control.vendorCalls().length
  const wrong = { kek: wrapped.kek, bytes: new Uint8Array(length) }
  await assertRejects(provider.unwrap(wrong, {}), 'ERR_DECRYPTION_FAILED')
  await assertRejects(provider.rewrap(wrong, {}), 'ERR_DECRYPTION_FAILED')
  expect(control.vendorCalls()).toHaveLength(before)
})

test('a key that is configured by its ARN is not looked up to unwrap', async () => {
  const { provider: writer } = await awsUnderTest(server)
  const context = uniqueContext()
  const { dataKey, wrapped } = await writer.generateDataKey(context)
  const asked: string[] = []
  const client: Client = changedReplies(
    awsClient(server),
    (reply) => reply,
    (_, operation) => asked.push(operation),
  )
  assertSameDataKey(await providerOf(wrapped.kek.id, { client }).unwrap(wrapped, context), dataKey)
  expect(asked).toEqual(['Decrypt'])
})
