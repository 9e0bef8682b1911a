import { describe, expect, test } from '@jest/globals'
import type { EnvelopeCipherOptions } from '../../../src/envelope/cipher-options.js'
import { EnvelopeCipher } from '../../../src/envelope/envelope-cipher.js'
import { binding, callsOf, codeOf, kmsNamed, setup, store } from './fixtures.js'

const provider = kmsNamed('small')
const named = (name: unknown) => Object.assign(kmsNamed('small'), { name })
const { currentKek, wrap } = provider
const offline = { name: 'offline', currentKek, wrap }

describe('EnvelopeCipher takes', () => {
  for (const [what, options] of [
    ['a provider alone', { provider }],
    ['recipients that can only wrap', { provider, recipients: [offline] }],
    ['seven recipients', { provider, recipients: Array.from({ length: 7 }, () => offline) }],
    ['accepted KEKs', { provider, accepted: [{ provider, kek: { id: 'a', version: '1' }, until: new Date(0) }] }],
    ['no cache', { provider, cache: false }],
    ['a bounded cache', { provider, cache: { maxKeys: 1, maxAgeMs: 1 } }],
    ['options that are undefined', { provider, cache: undefined, recipients: undefined, accepted: undefined }],
  ] as [string, EnvelopeCipherOptions][]) {
    test(what, () => {
      expect(new EnvelopeCipher(options)).toBeInstanceOf(EnvelopeCipher)
    })
  }
})

describe('EnvelopeCipher refuses', () => {
  for (const [what, options] of [
    ['no options', undefined],
    ['no provider', {}],
    ['an unknown option', { provider, acepted: [] }],
    ['a provider that is none', { provider: { name: 'x' } }],
    ['a provider that can only wrap', { provider: offline }],
    ['a provider without a name', { provider: named(undefined) }],
    ['a provider whose name cannot be stored', { provider: named('My KMS') }],
    ['a recipient that is none', { provider, recipients: [{ name: 'x' }] }],
    ['a recipient whose name cannot be stored', { provider, recipients: [{ ...offline, name: 'Off' }] }],
    ['eight recipients', { provider, recipients: Array.from({ length: 8 }, () => offline) }],
    ['recipients that are no list', { provider, recipients: offline }],
    ['an accepted entry with an unknown member', { provider, accepted: [{ provider, kekk: { id: 'a' } }] }],
    ['an accepted entry without a provider', { provider, accepted: [{ kek: { id: 'a' } }] }],
    ['an accepted provider that can only wrap', { provider, accepted: [{ provider: offline }] }],
    ['an accepted KEK with an unknown member', { provider, accepted: [{ provider, kek: { id: 'a', versoin: '1' } }] }],
    ['an accepted KEK without an id', { provider, accepted: [{ provider, kek: { version: '1' } }] }],
    ['an accepted KEK by its id alone', { provider, accepted: [{ provider, kek: 'a' }] }],
    ['an end of acceptance that is no date', { provider, accepted: [{ provider, until: '2027-01-01' }] }],
    ['an end of acceptance that does not exist', { provider, accepted: [{ provider, until: new Date('never') }] }],
    ['a cache option with an unknown member', { provider, cache: { maxAge: 1 } }],
    ['an access log that cannot be told', { provider, accessLog: { record: () => undefined } }],
    ['a cache that is true', { provider, cache: true }],
    ['a cache of no keys, which would have no bound', { provider, cache: { maxKeys: 0 } }],
    ['a cache of half a key', { provider, cache: { maxKeys: 1.5 } }],
    ['a cache of no age, which would have no bound', { provider, cache: { maxAgeMs: 0 } }],
    ['a cache of endless age', { provider, cache: { maxAgeMs: Number.POSITIVE_INFINITY } }],
    ['a timeout of nothing', { provider, timeoutMs: 0 }],
    ['a timeout that is no number', { provider, timeoutMs: '5000' }],
    ['a clock that is none', { provider, clock: Date }],
  ] as const) {
    test(what, async () => {
      expect(await codeOf(() => new EnvelopeCipher(options as unknown as EnvelopeCipherOptions))).toBe(
        'ERR_CONFIGURATION',
      )
    })
  }
})

test('an unknown option of an operation is refused before any call: it may be a check that the caller relies on', async () => {
  const { cipher, kms } = setup()
  const { metadata } = await store(cipher)
  kms.clearCalls()
  const mistyped = { expectedContxt: { tenant: 'another tenant' } } as object
  for (const call of [
    () => cipher.mint(binding, mistyped),
    () => cipher.open(metadata, binding, mistyped),
    () => cipher.openCached(metadata, binding, mistyped),
    () => cipher.rewrap(metadata, binding, mistyped),
    () => cipher.isStale(metadata, binding, mistyped),
    () => cipher.currentKeks(binding, mistyped),
  ]) {
    expect(await codeOf(call)).toBe('ERR_CONFIGURATION')
  }
  expect(callsOf(kms)).toEqual([[]])
})

test('the expected context is no option of operations that do not read a credential', async () => {
  const { cipher } = setup()
  const { metadata } = await store(cipher)
  const expected = { expectedContext: { tenant: 'tenant-1' } } as object
  expect(await codeOf(() => cipher.isStale(metadata, binding, expected))).toBe('ERR_CONFIGURATION')
  expect(await codeOf(() => cipher.rewrap(metadata, binding, expected))).toBe('ERR_CONFIGURATION')
})
