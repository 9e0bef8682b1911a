import { randomBytes } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import { encryptionContextOf } from '../../../src/envelope/binding.js'
import type { EnvelopeCipher } from '../../../src/envelope/envelope-cipher.js'
import type { WrappedMetadata } from '../../../src/envelope/metadata.js'
import { metadataFromJson, metadataToJson } from '../../../src/envelope/metadata-codec.js'
import type { KmsProvider, WrappedDataKey } from '../../../src/kms/provider.js'
import { answerWithOtherKek, deny, type Fault, throttle } from '../../../src/testing/faults.js'
import { FaultyProvider } from '../../../src/testing/faulty-provider.js'
import {
  binding,
  callsOf,
  codeOf,
  forgetCalls,
  kmsNamed,
  password,
  type Stored,
  setup,
  store,
  withWraps,
} from './fixtures.js'

const keksOf = ({ wraps }: WrappedMetadata) => wraps.map(({ kek }) => `${kek.provider} ${kek.id} ${kek.version}`)

/** The field as it was stored opens under the new metadata, read by a cipher that has nothing cached. */
async function expectReadable(provider: FaultyProvider, metadata: WrappedMetadata, { field }: Stored): Promise<void> {
  const reader = setup({ provider, cache: false }).cipher
  const stored = metadataFromJson(JSON.parse(JSON.stringify(metadataToJson(metadata))))
  expect((await reader.open(stored, binding)).decryptField(password, field)).toBe('kept')
}

const rewrapped = async (cipher: EnvelopeCipher, { metadata }: Stored) => {
  const next = await cipher.rewrap(metadata, binding)
  const { wrap, wraps, ...rest } = next
  expect({ ...metadata, wrap, wraps }).toEqual({ ...rest, wrap, wraps })
  return next
}

/** As AWS's Encrypt: the reference of a wrap does not say which version it used. The KMS finds it by itself. */
function hideVersions(kms: FaultyProvider): void {
  kms.faults.inject(answerWithOtherKek({ version: '' }))
  const found = ({ kek, bytes }: WrappedDataKey) => ({ kek: { ...kek, version: kms.kms.currentVersion }, bytes })
  const { unwrap, rewrap } = FaultyProvider.prototype
  const finding: Pick<KmsProvider, 'unwrap' | 'rewrap'> = {
    unwrap: (wrapped, ...rest) => unwrap.call(kms, found(wrapped), ...rest),
    rewrap: (wrapped, ...rest) => rewrap.call(kms, found(wrapped), ...rest),
  }
  Object.assign(kms, finding)
}

describe('rewrap', () => {
  test('returns the same object when nothing is stale, after one look-up', async () => {
    const { cipher, kms } = setup()
    const { metadata } = await store(cipher)
    forgetCalls(kms)
    expect(await cipher.isStale(metadata, binding)).toBe(false)
    expect(await cipher.rewrap(metadata, binding)).toBe(metadata)
    expect(callsOf(kms)).toEqual([['currentKek', 'currentKek']])
  })

  test('to a new version is one native rewrap and one unwrap that proves it, and nothing else changes', async () => {
    const { cipher, kms, clock } = setup({ cache: false })
    const stored = await store(cipher, 'kept')
    kms.kms.rotate()
    await clock.advance(90_000)
    forgetCalls(kms)
    expect(await cipher.isStale(stored.metadata, binding)).toBe(true)
    const next = await rewrapped(cipher, stored)
    expect(callsOf(kms)).toEqual([['currentKek', 'currentKek', 'rewrap', 'unwrap']])
    expect(keksOf(next)).toEqual(['small kek-a 2'])
    expect([next.wrap, next.wraps[0]?.wrappedAt]).toEqual([2, '2026-11-22T21:01:30Z'])
    await expectReadable(kms, next, stored)
    expect(await cipher.rewrap(next, binding)).toBe(next)
  })

  test('moving to another provider opens the envelope once and wraps its data key', async () => {
    const old = kmsNamed('old', 'kek-old')
    const stored = await store(setup({ provider: old }).cipher, 'kept')
    const { cipher, kms } = setup({ accepted: [{ provider: old }], cache: false })
    forgetCalls(old)
    const next = await rewrapped(cipher, stored)
    expect(callsOf(kms, old)).toEqual([['currentKek', 'wrap', 'unwrap'], ['unwrap']])
    expect(keksOf(next)).toEqual(['small kek-a 1'])
    await expectReadable(kms, next, stored)
  })

  test('moving to another KEK of the same name does the same', async () => {
    const old = kmsNamed('small', 'kek-old')
    const stored = await store(setup({ provider: old }).cipher, 'kept')
    const { cipher, kms } = setup({ accepted: [{ provider: old }], cache: false })
    forgetCalls(old)
    const next = await rewrapped(cipher, stored)
    expect(callsOf(kms, old)).toEqual([['currentKek', 'wrap', 'unwrap'], ['unwrap']])
    await expectReadable(kms, next, stored)
  })

  test('from a KEK that is not accepted is refused, and nothing is wrapped', async () => {
    const stored = await store(setup({ provider: kmsNamed('old') }).cipher)
    const { cipher, kms } = setup()
    expect(await codeOf(() => cipher.rewrap(stored.metadata, binding))).toBe('ERR_KEK_NOT_ACCEPTED')
    expect(callsOf(kms)).toEqual([['currentKek']])
  })

  test('adds a recipient, keeping the wraps that are current as they are', async () => {
    const { cipher: before, kms } = setup()
    const stored = await store(before, 'kept')
    const [second, third] = [kmsNamed('second'), kmsNamed('third')]
    const { cipher } = setup({ provider: kms, recipients: [second, third], cache: false })
    forgetCalls(kms)
    const next = await rewrapped(cipher, stored)
    expect(keksOf(next)).toEqual(['small kek-a 1', 'second kek-a 1', 'third kek-a 1'])
    expect(next.wraps[0]).toBe(stored.metadata.wraps[0])
    // Opened once for both recipients, each of which proves its own wrap.
    expect(callsOf(kms, second, third)).toEqual([
      ['currentKek', 'unwrap'],
      ['currentKek', 'wrap', 'unwrap'],
      ['currentKek', 'wrap', 'unwrap'],
    ])
    for (const each of [kms, second, third]) await expectReadable(each, next, stored)
  })

  test('drops a recipient after one unwrap of the wrap that stays', async () => {
    const second = kmsNamed('second')
    const { cipher: before, kms } = setup({ recipients: [second] })
    const stored = await store(before, 'kept')
    const { cipher } = setup({ provider: kms })
    forgetCalls(kms, second)
    const next = await rewrapped(cipher, stored)
    expect(keksOf(next)).toEqual(['small kek-a 1'])
    expect([next.wrap, ...callsOf(kms, second)]).toEqual([2, ['currentKek', 'unwrap'], []])
  })

  test('drops no recipient while the wrap that would stay does not open', async () => {
    const { cipher: before, kms } = setup({ recipients: [kmsNamed('second')] })
    const { metadata } = await store(before)
    const { cipher } = setup({ provider: kms })
    const altered = withWraps(metadata, (_wrap, index) => (index === 0 ? { dataKey: 'AAAA' } : {}))
    expect(await codeOf(() => cipher.rewrap(altered, binding))).toBe('ERR_DECRYPTION_FAILED')
  })

  test('drops a wrap that somebody added', async () => {
    const { cipher } = setup()
    const stored = await store(cipher, 'kept')
    const [wrap] = stored.metadata.wraps
    const foreign = { ...wrap!, kek: { provider: 'foreign', id: 'x', version: '1' } }
    const next = await cipher.rewrap({ ...stored.metadata, wraps: [foreign, wrap!] }, binding)
    expect(next.wraps).toEqual([wrap])
  })

  test('each of two recipients of one name rewraps its own wrap natively', async () => {
    const recipients = [kmsNamed('cloud', 'eu'), kmsNamed('cloud', 'us')]
    const { cipher, kms } = setup({ recipients, cache: false })
    const stored = await store(cipher, 'kept')
    for (const each of recipients) each.kms.rotate()
    forgetCalls(kms, ...recipients)
    const next = await rewrapped(cipher, stored)
    expect(keksOf(next)).toEqual(['small kek-a 1', 'cloud eu 2', 'cloud us 2'])
    const native = ['currentKek', 'rewrap', 'unwrap']
    expect(callsOf(kms, ...recipients)).toEqual([['currentKek'], native, native])
  })

  test('a wrap of unknown version is stale every time, and stays readable', async () => {
    const { cipher, kms } = setup({ cache: false })
    hideVersions(kms)
    const stored = await store(cipher, 'kept')
    expect(stored.metadata.wraps[0]?.kek.version).toBe('')
    expect(await cipher.isStale(stored.metadata, binding)).toBe(true)
    const next = await rewrapped(cipher, stored)
    expect(next.wrap).toBe(2)
    expect(await cipher.isStale(next, binding)).toBe(true)
    await expectReadable(kms, next, stored)
  })

  test('the order of the wraps alone makes nothing stale', async () => {
    const { cipher } = setup({ recipients: [kmsNamed('second')] })
    const { metadata } = await store(cipher)
    expect(await cipher.isStale({ ...metadata, wraps: metadata.wraps.toReversed() }, binding)).toBe(false)
    expect(await cipher.isStale({ ...metadata, wraps: [...metadata.wraps, metadata.wraps[0]!] }, binding)).toBe(true)
  })

  test('wraps for a recipient that can only wrap, unproven: nobody here can open it', async () => {
    const { cipher: before, kms } = setup()
    const stored = await store(before, 'kept')
    const offline = kmsNamed('offline', 'recovery')
    const recipient = {
      name: 'offline',
      currentKek: offline.currentKek.bind(offline),
      wrap: offline.wrap.bind(offline),
    }
    const { cipher } = setup({ provider: kms, recipients: [recipient] })
    const next = await rewrapped(cipher, stored)
    expect(keksOf(next)).toEqual(['small kek-a 1', 'offline recovery 1'])
    expect(callsOf(offline)).toEqual([['currentKek', 'wrap']])
    await expectReadable(offline, next, stored)
  })
})

describe('no new wrap is returned unproven: a provider that', () => {
  const rotated = async () => {
    const env = setup({ cache: false })
    const stored = await store(env.cipher, 'kept')
    env.kms.kms.rotate()
    return { ...env, stored }
  }
  /** A well-formed wrap that this KMS will open: of another data key. */
  const wrapOfAnotherKey = ({ kms }: FaultyProvider, { metadata }: Stored): Fault => ({
    answer(answer) {
      return { ...answer, wrapped: kms.wrap(randomBytes(32), encryptionContextOf(binding, metadata.id)) }
    },
  })

  for (const operation of ['rewrap', 'wrap'] as const) {
    test(`answers a ${operation} with the wrap of another data key is refused`, async () => {
      const { cipher, kms, stored } = await rotated()
      const next = kmsNamed('next')
      const moved = setup({ provider: next, accepted: [{ provider: kms }], cache: false }).cipher
      const [job, liar] = operation === 'rewrap' ? [cipher, kms] : [moved, next]
      liar.faults.inject(wrapOfAnotherKey(liar, stored), { operation })
      expect(await codeOf(() => job.rewrap(stored.metadata, binding))).toBe('ERR_DECRYPTION_FAILED')
    })
  }

  for (const [what, change, code] of [
    ['truncated bytes', (wrapped) => ({ ...wrapped, bytes: wrapped.bytes.subarray(1) }), 'ERR_DECRYPTION_FAILED'],
    [
      'a flipped bit',
      (wrapped) => ({ ...wrapped, bytes: wrapped.bytes.map((byte) => byte ^ 1) }),
      'ERR_DECRYPTION_FAILED',
    ],
    [
      'the wrong version',
      (wrapped) => ({ ...wrapped, kek: { ...wrapped.kek, version: '1' } }),
      'ERR_DECRYPTION_FAILED',
    ],
    [
      'a KEK that it refuses',
      (wrapped) => ({ ...wrapped, kek: { ...wrapped.kek, id: 'other' } }),
      'ERR_KEK_NOT_ACCEPTED',
    ],
    [
      'a KEK of another name',
      (wrapped) => ({ ...wrapped, kek: { ...wrapped.kek, provider: 'other' } }),
      'ERR_KEK_NOT_ACCEPTED',
    ],
  ] as [string, (wrapped: WrappedDataKey) => WrappedDataKey, string][]) {
    test(`answers with ${what} is refused`, async () => {
      const { cipher, kms, stored } = await rotated()
      const rewrap: KmsProvider['rewrap'] = async (...call) =>
        change(await FaultyProvider.prototype.rewrap.apply(kms, call))
      Object.assign(kms, { rewrap })
      expect(await codeOf(() => cipher.rewrap(stored.metadata, binding))).toBe(code)
    })
  }

  test('cannot unwrap at the moment makes the rewrap fail and be retried', async () => {
    const { cipher, kms, stored } = await rotated()
    kms.faults.inject(throttle(), { operation: 'unwrap' })
    expect(await codeOf(() => cipher.rewrap(stored.metadata, binding))).toBe('ERR_KMS_UNAVAILABLE')
    kms.faults.clear()
    await expectReadable(kms, await rewrapped(cipher, stored), stored)
  })

  test('a count of changes that could not be read back is refused', async () => {
    const { cipher, stored } = await rotated()
    const worn = { ...stored.metadata, wrap: Number.MAX_SAFE_INTEGER }
    expect(await codeOf(() => cipher.rewrap(worn, binding))).toBe('ERR_INVALID_ENVELOPE')
  })
})

describe('a wrap that opens no more is mended from another one', () => {
  const two = async () => {
    const second = kmsNamed('second')
    const env = setup({ recipients: [second], cache: false })
    const stored = await store(env.cipher, 'kept')
    env.kms.kms.rotate()
    return { ...env, second, stored }
  }

  test('when its KEK version is gone', async () => {
    const { cipher, kms, stored } = await two()
    kms.kms.disable('1')
    const next = await rewrapped(cipher, stored)
    expect(keksOf(next)).toEqual(['small kek-a 2', 'second kek-a 1'])
    await expectReadable(kms, next, stored)
  })

  test('when it was altered', async () => {
    const { cipher, kms, stored } = await two()
    const metadata = withWraps(stored.metadata, (_wrap, index) => (index === 0 ? { dataKey: 'AAAA' } : {}))
    await expectReadable(kms, await rewrapped(cipher, { ...stored, metadata }), stored)
  })

  test('but not when the KMS refuses the caller or cannot answer', async () => {
    const { cipher, kms, second, stored } = await two()
    for (const [fault, code] of [
      [deny(), 'ERR_KMS_ACCESS_DENIED'],
      [throttle(), 'ERR_KMS_UNAVAILABLE'],
    ] as const) {
      forgetCalls(second)
      kms.faults.clear()
      kms.faults.inject(fault, { operation: 'rewrap' })
      expect(await codeOf(() => cipher.rewrap(stored.metadata, binding))).toBe(code)
      expect(callsOf(second)).toEqual([['currentKek']])
    }
  })
})
