import assert from 'node:assert/strict'
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { decodeValue, encodeValue } from '../../src/envelope/field-value.js'
import { isWaxsealError } from '../../src/errors.js'

const field = { id: 'credential.tokens', kind: 'json' } as const

/** What JSON carries, told without JSON: the second opinion on what `encodeValue` takes. */
function isCarried(value: unknown): boolean {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return true
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0)
  if (typeof value !== 'object') return false
  const keys = Reflect.ownKeys(value)
  const prototype = Array.isArray(value) ? Array.prototype : Object.prototype
  if (Object.getPrototypeOf(value) !== prototype || keys.some((key) => typeof key === 'symbol')) return false
  if (Array.isArray(value) && keys.length !== value.length + 1) return false
  return Object.values(value).every(isCarried)
}

/** JSON with something in it that JSON has no place for. */
const poison = fc.constantFrom<unknown>(
  undefined,
  Number.NaN,
  Number.NEGATIVE_INFINITY,
  -0,
  1n,
  Symbol('s'),
  new Date(0),
  new Date(Number.NaN),
  new Map(),
  new Set([1]),
  Buffer.from('a'),
  Object('boxed'),
  Object.create(null),
  Object.create({ a: 1 }),
  () => 1,
  /a/,
  new Error('e'),
)
const anything = fc.letrec((tie) => ({
  leaf: fc.oneof(
    { weight: 9, arbitrary: fc.jsonValue({ maxDepth: 1, stringUnit: 'binary' }) },
    { weight: 1, arbitrary: poison },
  ),
  node: fc.oneof(
    { depthSize: 'small' },
    tie('leaf'),
    fc.array(tie('node'), { maxLength: 4 }),
    fc.sparseArray(tie('node'), { maxLength: 3 }),
    fc.dictionary(
      fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', 'toString', 'length')),
      tie('node'),
      { maxKeys: 4 },
    ),
  ),
})).node

test('exactly the values that equal their own JSON round trip are taken, and they come back', () => {
  const seen = { taken: 0, refused: 0 }
  fc.assert(
    fc.property(
      fc.oneof(
        anything,
        fc.anything({ withBoxedValues: true, withDate: true, withNullPrototype: true, withSparseArray: true }),
      ),
      (value) => {
        let bytes: Uint8Array | undefined
        try {
          bytes = encodeValue(field, value)
        } catch (error) {
          expect(isWaxsealError(error) && error.code).toBe('ERR_PLAINTEXT_REFUSED')
        }
        expect(bytes !== undefined).toBe(isCarried(value))
        seen[bytes ? 'taken' : 'refused']++
        if (bytes) assert.deepEqual(decodeValue(field, Buffer.from(bytes)), value)
      },
    ),
    { numRuns: 5_000 },
  )
  expect(Math.min(seen.taken, seen.refused)).toBeGreaterThan(500)
  expect(Object.keys(Object.prototype)).toEqual([])
})
