import { createDecipheriv } from 'node:crypto'
import { expect, test } from '@jest/globals'
import { generateLocalKey, LocalProvider } from '../../providers/local/index.js'
import { canonicalContext } from '../../src/kms/context.js'
import { testKmsProvider } from '../contract/kms-provider.js'
import { ControlledLocalProvider } from './controlled-local-provider.js'

testKmsProvider(
  { test },
  {
    name: 'local',
    async create() {
      const provider = new ControlledLocalProvider()
      return { provider, control: provider.control, rewraps: 'by unwrap and wrap' }
    },
  },
)

const CONTEXT = { tenant: 't1' }
/** No secret, and not so regular that the provider refuses them. */
const KNOWN_KEY = () => Uint8Array.from({ length: 32 }, (_, index) => (7 + index * 69 + (index % 5) * 31) & 0xff)

test('a KEK ref holds the keyring id, the number of the key and its fingerprint', async () => {
  const provider = new LocalProvider({ keys: { 12: KNOWN_KEY() }, currentKey: 12, id: 'orders' })
  const kek = await provider.currentKek(CONTEXT)
  expect(kek).toEqual({ provider: 'local', id: 'orders', version: '12-acbff9b5c2985601' })
})

test('the fingerprint is the one that keygen wrote, whatever the number and the keyring id', async () => {
  const key = generateLocalKey()
  const one = await new LocalProvider({ keys: `1:${key}`, currentKey: 1 }).currentKek(CONTEXT)
  const two = await new LocalProvider({ keys: `2:${key}`, currentKey: 2, id: 'x' }).currentKek(CONTEXT)
  expect(one.version).toBe(`1-${key.split('.')[1]}`)
  expect(two.version).toBe(`2-${key.split('.')[1]}`)
})

test('a wrapped data key is what the README says: iv, ciphertext and tag under label, id, version and context', async () => {
  const provider = new LocalProvider({ keys: { 3: KNOWN_KEY() }, currentKey: 3 })
  const { dataKey, wrapped } = await provider.generateDataKey(CONTEXT)
  const parts = ['waxseal local wrap 1', 'local', wrapped.kek.version].map((text) => Buffer.from(text))
  const aad = [...parts, canonicalContext(CONTEXT)].flatMap((part) => [Buffer.from([0, 0, 0, part.length]), part])
  const bytes = Buffer.from(wrapped.bytes)
  expect(bytes).toHaveLength(60)
  const decipher = createDecipheriv('aes-256-gcm', KNOWN_KEY(), bytes.subarray(0, 12), { authTagLength: 16 })
  decipher.setAAD(Buffer.concat(aad)).setAuthTag(bytes.subarray(44))
  const opened = decipher.update(bytes.subarray(12, 44))
  expect(dataKey.withBytes((key) => opened.equals(key))).toBe(true)
  expect(() => decipher.final()).not.toThrow()
})

test('a tag of fewer than 16 bytes is refused', async () => {
  const provider = new LocalProvider({ keys: { 1: KNOWN_KEY() }, currentKey: 1 })
  const { wrapped } = await provider.generateDataKey(CONTEXT)
  for (let length = 44; length < 60; length++) {
    const call = provider.unwrap({ kek: wrapped.kek, bytes: wrapped.bytes.subarray(0, length) }, CONTEXT)
    await expect(call).rejects.toMatchObject({ code: 'ERR_DECRYPTION_FAILED' })
  }
})

test('a row of a key that is not configured is refused, and the message says which keys are', async () => {
  const [one, two] = [generateLocalKey(), generateLocalKey()]
  const both = new LocalProvider({ keys: `1:${one},2:${two}`, currentKey: 2 })
  const only = new LocalProvider({ keys: `1:${one}`, currentKey: 1 })
  const { wrapped } = await both.generateDataKey(CONTEXT)
  const refusal = expect(only.unwrap(wrapped, CONTEXT)).rejects
  await refusal.toMatchObject({ code: 'ERR_KEK_NOT_ACCEPTED', kek: wrapped.kek })
  await expect(only.unwrap(wrapped, CONTEXT)).rejects.toThrow('key 2 is not among the configured keys (1); add it')
})

test('a row of another key under the same number is refused with both fingerprints', async () => {
  const [right, wrong] = [generateLocalKey(), generateLocalKey()]
  const { wrapped } = await new LocalProvider({ keys: `2:${right}`, currentKey: 2 }).generateDataKey(CONTEXT)
  const provider = new LocalProvider({ keys: `2:${wrong}`, currentKey: 2 })
  await expect(provider.unwrap(wrapped, CONTEXT)).rejects.toMatchObject({ code: 'ERR_KEK_NOT_ACCEPTED' })
  const [expected, found] = [wrong, right].map((key) => key.split('.')[1])
  const message = `key 2 is configured with fingerprint ${expected}, the row was wrapped with ${found}`
  await expect(provider.unwrap(wrapped, CONTEXT)).rejects.toThrow(message)
})

test('a row of another keyring with the same keys is refused', async () => {
  const key = generateLocalKey()
  const one = new LocalProvider({ keys: `1:${key}`, currentKey: 1, id: 'one' })
  const two = new LocalProvider({ keys: `1:${key}`, currentKey: 1, id: 'two' })
  const { wrapped } = await one.generateDataKey(CONTEXT)
  await expect(two.unwrap(wrapped, CONTEXT)).rejects.toMatchObject({ code: 'ERR_KEK_NOT_ACCEPTED' })
  const renamed = { kek: { ...wrapped.kek, id: 'two' }, bytes: wrapped.bytes }
  await expect(two.unwrap(renamed, CONTEXT)).rejects.toMatchObject({ code: 'ERR_DECRYPTION_FAILED' })
})

for (const version of [
  '',
  '1',
  'x',
  '01-0123456789abcdef',
  '1-0123456789ABCDEF',
  '1-\u001b[31m',
  '1-',
  '__proto__-0',
]) {
  test(`the version ${JSON.stringify(version)} is not accepted and not repeated`, async () => {
    const provider = new LocalProvider({ keys: { 1: KNOWN_KEY() }, currentKey: 1 })
    const call = provider.unwrap({ kek: { provider: 'local', id: 'local', version }, bytes: Buffer.alloc(60) }, CONTEXT)
    const error = (await call.catch((reason: unknown) => reason)) as Error
    expect(error).toMatchObject({ code: 'ERR_KEK_NOT_ACCEPTED' })
    expect(error.message).toBe('provider "local": the version is not of the form <number>-<fingerprint>')
  })
}

test('the bytes that keys come from are zeroed, also when the keys are refused', () => {
  const [good, bad] = [KNOWN_KEY(), new Uint8Array(31).fill(9)]
  expect(() => new LocalProvider({ keys: { 2: good, 1: bad }, currentKey: 2 })).toThrow('31')
  expect([...good, ...bad].every((byte) => byte === 0)).toBe(true)
  const accepted = KNOWN_KEY()
  new LocalProvider({ keys: { 1: accepted }, currentKey: 1 })
  expect(accepted.every((byte) => byte === 0)).toBe(true)
})
