import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { observeCache } from '../../../src/opentelemetry/index.js'
import { binding, setup, store } from '../envelope/fixtures.js'
import { registerSdk } from './sdk.js'

let sdk: ReturnType<typeof registerSdk>
beforeAll(() => {
  sdk = registerSdk()
})
afterAll(() => sdk.shutdown())

async function measured(attributes: object) {
  const all = await sdk.metrics()
  return ['hits', 'misses', 'keys'].map((name) => {
    const points = all[`waxseal.cache.${name}`]?.dataPoints ?? []
    return points.find((point) => JSON.stringify(point.attributes) === JSON.stringify(attributes))?.value
  })
}

test('hits, misses and keys are counted when they are asked for, for each cipher by its name', async () => {
  const { cipher } = setup()
  const other = setup().cipher
  const observation = observeCache(cipher, { cipher: 'first' })
  observeCache(other, { cipher: 'second' })
  const { metadata } = await store(cipher)
  cipher.openCached(metadata, binding)
  await cipher.open(metadata, binding)
  await expect(measured({ 'waxseal.cipher': 'first' })).resolves.toEqual([2, 0, 1])
  await expect(measured({ 'waxseal.cipher': 'second' })).resolves.toEqual([0, 0, 0])
  cipher.forgetAll()
  // Asked and found missing, and then opened: one miss.
  expect(cipher.openCached(metadata, binding)).toBeUndefined()
  await cipher.open(metadata, binding)
  await expect(measured({ 'waxseal.cipher': 'first' })).resolves.toEqual([2, 1, 1])
  observation.stop()
  await cipher.open(metadata, binding)
  expect(cipher.cacheStatistics.hits).toBe(3)
  await expect(measured({ 'waxseal.cipher': 'first' })).resolves.not.toContain(3)
})

test('the only cipher needs no name, and a mistyped option is refused', async () => {
  const { cipher } = setup({ cache: false })
  observeCache(cipher)
  await cipher.open((await store(cipher)).metadata, binding)
  await expect(measured({})).resolves.toEqual([0, 1, 0])
  expect(() => observeCache(cipher, { name: 'x' } as never)).toThrow(/unknown option "name"/)
  expect(() => observeCache(cipher, { cipher: '' })).toThrow(/must be a name/)
})
