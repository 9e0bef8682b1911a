import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { AwsProvider } from '../../providers/aws/index.js'
import { keyArnOf, regionOf, storedIdOf } from '../../providers/aws/key-arn.js'
import { EnvelopeCipher } from '../../src/index.js'
import type { KekRef } from '../../src/kms/provider.js'
import { assertRejects, assertSameDataKey, uniqueContext } from '../../src/testing/contract/assertions.js'
import { ManualClock, startTestKms, type TestKmsServer } from '../../src/testing/index.js'
import { awsClient } from './aws-under-test.js'

const [HERE, THERE] = ['us-east-1', 'eu-west-1']
const TIMEOUT_MS = 5_000
const FIELD = { id: 'password', kind: 'text' } as const
const BINDING = { entity: 'credential', context: {} }
let server: TestKmsServer

beforeAll(async () => {
  server = await startTestKms('aws')
})
afterAll(() => server.close())

/** A multi-Region key with a replica, and a provider in each of the two regions. */
async function twoRegions() {
  const operator = awsClient(server)
  const { KeyMetadata } = await operator.createKey({ MultiRegion: true })
  await operator.replicateKey({ KeyId: KeyMetadata!.Arn!, ReplicaRegion: THERE })
  const providerIn = (region: string) => {
    const identity = { accessKeyId: `${region}${KeyMetadata!.KeyId!}`, secretAccessKey: 'test' }
    const key = KeyMetadata!.Arn!.replace(HERE, region)
    return { provider: new AwsProvider({ client: awsClient(server, identity, region), region, key }), identity }
  }
  return { keyId: KeyMetadata!.KeyId!, here: providerIn(HERE), there: providerIn(THERE) }
}

test('a multi-Region key is stored without its region, and opened in another', async () => {
  const { keyId, here, there } = await twoRegions()
  const context = uniqueContext()
  const { dataKey, wrapped } = await here.provider.generateDataKey(context)
  expect(wrapped.kek.id).toBe(`arn:aws:kms::000000000000:key/${keyId}`)
  assertSameDataKey(await there.provider.unwrap(wrapped, context), dataKey)
  expect((await there.provider.rewrap(wrapped, context)).kek).toEqual(wrapped.kek)
  expect(await there.provider.currentKek(context)).toEqual(await here.provider.currentKek(context))
})

test('the ARN of another region is not what is asked for: that region refuses it', async () => {
  const { keyId, here } = await twoRegions()
  const { wrapped } = await here.provider.generateDataKey({})
  const KeyId = `arn:aws:kms:${HERE}:000000000000:key/${keyId}`
  const pinned = awsClient(server, undefined, THERE).decrypt({ KeyId, CiphertextBlob: wrapped.bytes })
  await expect(pinned).rejects.toMatchObject({ name: 'NotFoundException' })
})

test('a key of one region is stored with it', async () => {
  const { KeyMetadata } = await awsClient(server).createKey({})
  const provider = new AwsProvider({ client: awsClient(server), region: HERE, key: KeyMetadata!.KeyId! })
  expect((await provider.currentKek({})).id).toBe(KeyMetadata!.Arn)
})

test('when the first region is down the second opens, for those who accept it', async () => {
  const { here, there } = await twoRegions()
  const alone = new EnvelopeCipher({ provider: here.provider, cache: false })
  const both = new EnvelopeCipher({ provider: here.provider, accepted: [{ provider: there.provider }], cache: false })
  const envelope = await alone.mint(BINDING)
  const field = envelope.encryptField(FIELD, 'secret')
  server.faults.add({ fault: 'server error', identity: here.identity.accessKeyId })
  await assertRejects(alone.open(envelope.metadata, BINDING), 'ERR_KMS_UNAVAILABLE', true)
  const opened = await both.open(envelope.metadata, BINDING)
  expect(opened.decryptField(FIELD, field)).toBe('secret')
})

test('both regions share one deadline', async () => {
  const { here, there } = await twoRegions()
  const clock = new ManualClock()
  const cipher = new EnvelopeCipher({
    provider: here.provider,
    accepted: [{ provider: there.provider }],
    cache: false,
    timeoutMs: TIMEOUT_MS,
    clock,
  })
  const { metadata } = await cipher.mint(BINDING)
  for (const { identity } of [here, there]) server.faults.add({ fault: 'hang', identity: identity.accessKeyId })
  const ended = assertRejects(cipher.open(metadata, BINDING), 'ERR_KMS_UNAVAILABLE', true)
  await clock.advance(TIMEOUT_MS)
  expect(await ended).toMatchObject({ reason: 'timeout' })
})

const MRK = 'mrk-0123456789abcdef0123456789abcdef'
const SINGLE = '01234567-89ab-cdef-0123-456789abcdef'

test.each([
  [`arn:aws:kms:eu-west-1:111122223333:key/${MRK}`, `arn:aws:kms::111122223333:key/${MRK}`],
  [`arn:aws-cn:kms:cn-north-1:111122223333:key/${MRK}`, `arn:aws-cn:kms::111122223333:key/${MRK}`],
  [`arn:aws:kms:eu-west-1:111122223333:key/${SINGLE}`, `arn:aws:kms:eu-west-1:111122223333:key/${SINGLE}`],
  ['alias/credentials', 'alias/credentials'],
])('%s is stored as %s and asked for in its region', (arn, stored) => {
  expect(storedIdOf(arn)).toBe(stored)
  expect(keyArnOf(stored, regionOf(arn) ?? '')).toBe(arn)
})

test('the region is that of the ARN, of a key or of an alias, and of nothing else', () => {
  expect(regionOf(`arn:aws:kms:eu-west-1:111122223333:key/${SINGLE}`)).toBe('eu-west-1')
  expect(regionOf('arn:aws-us-gov:kms:us-gov-west-1:111122223333:alias/a')).toBe('us-gov-west-1')
  for (const text of [SINGLE, 'alias/a', `arn:aws:kms::111122223333:key/${MRK}`]) {
    expect(regionOf(text)).toBeUndefined()
  }
})

test('a row cannot send a key of its own choice to the KMS', async () => {
  const { here } = await twoRegions()
  const { wrapped } = await here.provider.generateDataKey({})
  const before = server.calls.length
  const foreign: KekRef = { ...wrapped.kek, id: wrapped.kek.id.replace('kms::', 'kms:eu-west-1:') }
  await assertRejects(here.provider.unwrap({ kek: foreign, bytes: wrapped.bytes }, {}), 'ERR_KEK_NOT_ACCEPTED')
  expect(server.calls).toHaveLength(before)
})
