import { expect, jest, test } from '@jest/globals'
import { IV_BYTES } from '../../../src/envelope/format.js'

const allocated = jest.spyOn(Buffer, 'alloc')
const { writeRandom } = await import('../../../src/envelope/random-pool.js')
/** The one buffer that the module makes when it is loaded. */
const pool = allocated.mock.results.map(({ value }) => value as Buffer).find(({ length }) => length === 6 * 1024)!
allocated.mockRestore()

test('100,000 IVs are all different', () => {
  const seen = new Set<string>()
  const iv = Buffer.alloc(IV_BYTES)
  for (let draw = 0; draw < 100_000; draw++) {
    writeRandom(iv, IV_BYTES)
    seen.add(iv.toString('latin1'))
  }
  expect(seen.size).toBe(100_000)
})

test('the pool keeps nothing of what it handed out', () => {
  const iv = Buffer.alloc(IV_BYTES)
  // Once round, so that every place of the pool was drawn from.
  for (let draw = 0; draw < 1_024; draw++) {
    writeRandom(iv, IV_BYTES)
    expect(iv.every((byte) => byte === 0)).toBe(false)
    expect(pool.includes(iv)).toBe(false)
  }
})

test('only the first 12 bytes of the target are written', () => {
  const target = Buffer.alloc(IV_BYTES + 4, 0xaa)
  writeRandom(target, IV_BYTES)
  expect(target.subarray(IV_BYTES).toString('hex')).toBe('aaaaaaaa')
})
