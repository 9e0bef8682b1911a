import { expect, test } from '@jest/globals'
import { DataKey } from '../../../src/kms/data-key.js'
import { describeKek, sameKek } from '../../../src/kms/provider.js'
import { generateThenWrap, unwrapThenWrap } from '../../../src/kms/strategies.js'
import { FaultyProvider, faults } from '../../../src/testing/index.js'

const CONTEXT = { tenant: 't1' }
const OPTIONS = { callToken: 'token' }

test('generateThenWrap wraps a new data key by one call', async () => {
  const provider = new FaultyProvider()
  const { dataKey, wrapped } = await generateThenWrap(provider, CONTEXT, OPTIONS)
  expect(provider.calls).toMatchObject([{ operation: 'wrap', context: CONTEXT, callToken: 'token' }])
  const found = await provider.unwrap(wrapped, CONTEXT)
  expect(found.keyObject.equals(dataKey.keyObject)).toBe(true)
})

test('unwrapThenWrap wraps the same data key by two calls and destroys its copy', async () => {
  const provider = new FaultyProvider()
  const { dataKey, wrapped } = await provider.generateDataKey(CONTEXT)
  provider.kms.rotate()
  provider.clearCalls()
  const passed: DataKey[] = []
  const watched = {
    unwrap: provider.unwrap.bind(provider),
    wrap(key: DataKey, ...rest: [typeof CONTEXT, typeof OPTIONS]) {
      passed.push(key)
      return provider.wrap(key, ...rest)
    },
  } as Pick<FaultyProvider, 'wrap' | 'unwrap'>
  const rewrapped = await unwrapThenWrap(watched, wrapped, CONTEXT, OPTIONS)
  expect(provider.calls).toMatchObject([
    { operation: 'unwrap', callToken: 'token' },
    { operation: 'wrap', callToken: 'token' },
  ])
  expect(() => passed[0]!.keyObject).toThrow('destroyed')
  const found = await provider.unwrap(rewrapped, CONTEXT)
  expect([rewrapped.kek.version, found.keyObject.equals(dataKey.keyObject)]).toEqual(['2', true])
})

test('unwrapThenWrap destroys its copy when the wrap fails', async () => {
  const provider = new FaultyProvider()
  const { wrapped } = await provider.generateDataKey(CONTEXT)
  const dataKey = DataKey.generate()
  provider.faults.inject(faults.throttle(), { operation: 'wrap' })
  const watched = { unwrap: async () => dataKey, wrap: provider.wrap.bind(provider) }
  await expect(unwrapThenWrap(watched, wrapped, CONTEXT)).rejects.toMatchObject({ reason: 'throttled' })
  expect(() => dataKey.keyObject).toThrow('destroyed')
})

test('KEKs are the same when provider, id and version are', () => {
  const kek = { provider: 'a', id: 'b', version: 'c' }
  expect(sameKek(kek, { ...kek })).toBe(true)
  for (const part of ['provider', 'id', 'version']) expect(sameKek(kek, { ...kek, [part]: 'other' })).toBe(false)
})

test('a KEK is described by provider, id and version, or that the version is not known', () => {
  expect(describeKek({ provider: 'aws', id: 'key', version: '1' })).toBe('aws:key@1')
  expect(describeKek({ provider: 'aws', id: 'key', version: '' })).toBe('aws:key@unknown version')
})
