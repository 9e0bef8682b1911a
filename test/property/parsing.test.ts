import assert from 'node:assert/strict'
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { formatBytes, formatText, parseBytes, parseText } from '../../src/envelope/encrypted-field.js'
import { metadataFromJson, metadataToJson } from '../../src/envelope/metadata-codec.js'
import { isWaxsealError } from '../../src/errors.js'
import { setup, store } from '../unit/envelope/fixtures.js'
import { json } from './arbitraries.js'

const { cipher } = setup()
const { metadata, field } = await store(cipher)
const text = formatText(field)
const bytea = formatBytes(field)
const wrapped = metadataToJson(metadata)
const { id, commitment } = metadata
const shredded = { format: 1, id, commitment, shredded: 'receipt' }

/** Undefined where it is refused as invalid; any other error fails the test. */
function parsed<T>(parse: () => T): T | undefined {
  try {
    return parse()
  } catch (error) {
    if (isWaxsealError(error) && error.code === 'ERR_INVALID_ENVELOPE') return undefined
    throw error
  }
}

const splice = (whole: string, part: fc.Arbitrary<string>) =>
  fc
    .tuple(fc.nat(whole.length), fc.nat(8), part)
    .map(([at, cut, put]) => whole.slice(0, at) + put + whole.slice(at + cut))

test('any text is a field that is written the same way, or invalid', () => {
  const base64url = fc.stringMatching(/^[A-Za-z0-9_-]{0,60}$/)
  const likely = fc.tuple(base64url, base64url).map(([one, two]) => `ws1:${one}:${two}`)
  const fitting = fc
    .tuple(fc.uint8Array({ minLength: 32, maxLength: 32 }), base64url)
    .map(([bytes, rest]) => `ws1:${Buffer.from(bytes).toString('base64url')}:${rest}`)
  const any = fc.oneof(fc.string({ unit: 'binary' }), likely, fitting, splice(text, fc.string({ maxLength: 3 })))
  let taken = 0
  fc.assert(
    fc.property(any, (stored) => {
      const result = parsed(() => parseText(stored))
      if (!result) return
      taken++
      expect(formatText(result)).toBe(stored)
    }),
    { numRuns: 5_000 },
  )
  expect(taken).toBeGreaterThan(0)
})

test('any bytes are a field that is written the same way, or invalid', () => {
  const any = fc.oneof(
    fc.uint8Array({ maxLength: 100 }),
    fc.uint8Array({ maxLength: 100 }).map((rest) => Buffer.from([1, ...rest])),
    fc.nat(bytea.length).map((end) => bytea.subarray(0, end)),
  )
  let taken = 0
  fc.assert(
    fc.property(any, (stored) => {
      const result = parsed(() => parseBytes(stored))
      if (!result) return
      taken++
      expect(formatBytes(result).equals(stored)).toBe(true)
    }),
    { numRuns: 2_000 },
  )
  expect(taken).toBeGreaterThan(0)
})

test('any JSON is metadata that is written the same way, or invalid', () => {
  const shape = fc.constantFrom<unknown>(wrapped, shredded)
  /** A path to some member, and what is put there instead. */
  const altered = fc
    .tuple(shape, fc.array(fc.nat(9), { maxLength: 4 }), json)
    .map(([whole, path, value]) => put(whole, path, value))
  const withMore = fc
    .tuple(shape, fc.string({ maxLength: 8 }), json)
    .map(([whole, name, value]) => ({ ...(whole as object), [name]: value }))
  let taken = 0
  fc.assert(
    fc.property(fc.oneof(json, altered, withMore), (stored) => {
      const result = parsed(() => metadataFromJson(stored))
      if (!result) return
      taken++
      assert.deepEqual(metadataToJson(result), stored)
    }),
    { numRuns: 5_000 },
  )
  expect(taken).toBeGreaterThan(0)
})

function put(whole: unknown, path: readonly number[], value: unknown): unknown {
  if (path.length === 0 || typeof whole !== 'object' || whole === null) return value
  const copy: Record<string, unknown> | unknown[] = Array.isArray(whole) ? [...whole] : { ...whole }
  const names = Object.keys(copy)
  const name = names[path[0]! % names.length]!
  Object.assign(copy, { [name]: put((copy as Record<string, unknown>)[name], path.slice(1), value) })
  return copy
}
