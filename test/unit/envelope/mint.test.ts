import { describe, expect, test } from '@jest/globals'
import { metadataFromJson, metadataToJson } from '../../../src/envelope/metadata-codec.js'
import type { KmsProvider, WrappedDataKey } from '../../../src/kms/provider.js'
import { deny } from '../../../src/testing/faults.js'
import { FaultyProvider } from '../../../src/testing/faulty-provider.js'
import { binding, callsOf, codeOf, kmsNamed, password, secret, setup } from './fixtures.js'

describe('mint', () => {
  test('makes one data key, wraps it for the provider and each recipient in their order, and reads it back', async () => {
    const recipients = [kmsNamed('second', 'kek-b'), kmsNamed('third', 'kek-c')]
    const { cipher, kms } = setup({ recipients })
    const { metadata } = await cipher.mint(binding)
    expect(callsOf(kms, ...recipients)).toEqual([['generateDataKey'], ['wrap'], ['wrap']])
    expect(metadata.wraps.map(({ kek }) => `${kek.provider} ${kek.id} ${kek.version}`)).toEqual([
      'small kek-a 1',
      'second kek-b 1',
      'third kek-c 1',
    ])
    expect(metadata.wrap).toBe(1)
    expect(metadata.wraps.map(({ wrappedAt }) => wrappedAt)).toEqual(Array(3).fill('2026-11-22T21:00:00Z'))
    expect(metadataFromJson(JSON.parse(JSON.stringify(metadataToJson(metadata))))).toEqual(metadata)
  })

  test('gives each credential another id and another data key', async () => {
    const { cipher } = setup()
    const minted = await Promise.all(Array.from({ length: 50 }, () => cipher.mint(binding)))
    expect(new Set(minted.map(({ metadata }) => metadata.id)).size).toBe(50)
    expect(new Set(minted.map(({ metadata }) => metadata.commitment)).size).toBe(50)
  })

  test('each wrap alone opens the envelope', async () => {
    const second = kmsNamed('second', 'kek-b')
    const { cipher, kms } = setup({ recipients: [second], cache: false })
    const envelope = await cipher.mint(binding)
    const value = secret()
    const field = envelope.encryptField(password, value)
    for (const wrap of envelope.metadata.wraps) {
      const opened = await cipher.open({ ...envelope.metadata, wraps: [wrap] }, binding)
      expect(opened.decryptField(password, field)).toBe(value)
    }
    expect(callsOf(kms, second)).toEqual([
      ['generateDataKey', 'unwrap'],
      ['wrap', 'unwrap'],
    ])
  })

  test('a recipient that can only wrap gets a wrap like any other', async () => {
    const offline = kmsNamed('offline', 'recovery')
    const { cipher } = setup({
      recipients: [
        {
          name: 'offline',
          currentKek: (context) => offline.currentKek(context),
          wrap: (dataKey, context) => offline.wrap(dataKey, context),
        },
      ],
    })
    const envelope = await cipher.mint(binding)
    expect(envelope.metadata.wraps[1]?.kek).toEqual({ provider: 'offline', id: 'recovery', version: '1' })
    const field = envelope.encryptField(password, 'kept')
    const recovery = setup({ provider: offline })
    expect((await recovery.cipher.open(envelope.metadata, binding)).decryptField(password, field)).toBe('kept')
  })

  test('a failed recipient fails the whole, and nothing of it is cached', async () => {
    const second = kmsNamed('second', 'kek-b')
    const { cipher, kms } = setup({ recipients: [second] })
    second.faults.inject(deny())
    expect(await codeOf(() => cipher.mint(binding))).toBe('ERR_KMS_ACCESS_DENIED')
    second.faults.clear()
    const { metadata } = await cipher.mint(binding)
    expect(callsOf(kms)).toEqual([['generateDataKey', 'generateDataKey']])
    expect(cipher.openCached(metadata, binding)?.metadata).toBe(metadata)
  })

  test('refuses another tenant, a reserved pair and a value that cannot be bound before any call', async () => {
    const { cipher, kms } = setup()
    expect(await codeOf(() => cipher.mint(binding, { expectedContext: { tenant: 'tenant-2' } }))).toBe(
      'ERR_DECRYPTION_FAILED',
    )
    expect(await codeOf(() => cipher.mint({ ...binding, context: { 'waxseal-row': 'x' } }))).toBe('ERR_CONFIGURATION')
    await expect(cipher.mint({ ...binding, row: '\ud800' })).rejects.toThrow(TypeError)
    await expect(cipher.mint({ ...binding, context: { tenant: 7 as unknown as string } })).rejects.toThrow(TypeError)
    expect(callsOf(kms)).toEqual([[]])
  })
})

describe('what could not be read back is not written: a provider that answers', () => {
  const answering = (change: (wrapped: WrappedDataKey) => unknown): KmsProvider => {
    const kms = kmsNamed('small')
    const generateDataKey: KmsProvider['generateDataKey'] = async (context, options) => {
      const { dataKey, wrapped } = await FaultyProvider.prototype.generateDataKey.call(kms, context, options)
      return { dataKey, wrapped: change(wrapped) as WrappedDataKey }
    }
    return Object.assign(kms, { generateDataKey })
  }

  for (const [what, change, code] of [
    [
      'a KEK id that cannot be stored',
      (wrapped) => ({ ...wrapped, kek: { ...wrapped.kek, id: 'key 1' } }),
      'ERR_INVALID_ENVELOPE',
    ],
    ['an empty KEK id', (wrapped) => ({ ...wrapped, kek: { ...wrapped.kek, id: '' } }), 'ERR_INVALID_ENVELOPE'],
    ['no version', (wrapped) => ({ ...wrapped, kek: { ...wrapped.kek, version: undefined } }), 'ERR_INVALID_ENVELOPE'],
    [
      'a KEK of another provider',
      (wrapped) => ({ ...wrapped, kek: { ...wrapped.kek, provider: 'other' } }),
      'ERR_CONFIGURATION',
    ],
    ['no wrapped key', (wrapped) => ({ ...wrapped, bytes: Buffer.alloc(0) }), 'ERR_KMS_UNAVAILABLE'],
    ['a wrapped key over 4 KiB', (wrapped) => ({ ...wrapped, bytes: Buffer.alloc(4097) }), 'ERR_KMS_UNAVAILABLE'],
  ] as [string, (wrapped: WrappedDataKey) => unknown, string][]) {
    test(`${what} makes no envelope`, async () => {
      const { cipher } = setup({ provider: answering(change) })
      expect(await codeOf(() => cipher.mint(binding))).toBe(code)
    })
  }

  test('a wrapped key of 4 KiB is taken', async () => {
    const { cipher } = setup({ provider: answering((wrapped) => ({ ...wrapped, bytes: Buffer.alloc(4096, 1) })) })
    const { metadata } = await cipher.mint(binding)
    expect(metadataFromJson(metadataToJson(metadata))).toEqual(metadata)
  })

  test('more about the KEK than is stored loses the rest of it', async () => {
    const { cipher } = setup({
      provider: answering((wrapped) => ({ ...wrapped, kek: { ...wrapped.kek, region: 'eu-west-1' } })),
    })
    const kek = cipher.mint(binding).then(({ metadata }) => metadata.wraps[0]?.kek)
    await expect(kek).resolves.toEqual({ provider: 'small', id: 'kek-a', version: '1' })
  })
})
