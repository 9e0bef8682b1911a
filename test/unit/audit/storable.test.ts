import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { indexable, storableJson, wholeJson } from '../../../src/audit/storable.js'

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('\0', '\ud800', 'a\udc00b', '\\u0000', '"', '\u2028', 'x'.repeat(999), 'ä'.repeat(501)),
)
const value = fc.letrec((tie) => ({
  any: fc.oneof({ maxDepth: 3 }, text, fc.double(), fc.boolean(), fc.constant(null), tie('list'), tie('object')),
  list: fc.array(tie('any'), { maxLength: 4 }),
  object: fc.dictionary(text, tie('any'), { maxKeys: 4 }),
})).any

/** Every text of a value, names of members included. */
function textsOf(each: unknown): string[] {
  if (typeof each === 'string') return [each]
  if (typeof each !== 'object' || each === null) return []
  return Array.isArray(each)
    ? each.flatMap(textsOf)
    : Object.entries(each).flatMap(([name, member]) => [name, ...textsOf(member)])
}

test('what is stored as JSON has no text that a column or an index refuses, and is as it was where there is none', () => {
  fc.assert(
    fc.property(value, (each) => {
      const stored = storableJson(each)
      const texts = textsOf(JSON.parse(stored))
      expect(texts.filter((found) => indexable(found) !== found)).toEqual([])
      if (textsOf(each).every((found) => indexable(found) === found)) expect(stored).toBe(JSON.stringify(each))
    }),
  )
})

test('a long text is whole where none is indexed', () => {
  const long = { proof: 'x'.repeat(5_000) }
  expect(wholeJson(long)).toBe(JSON.stringify(long))
  expect(wholeJson({ ...long, odd: '\0' })).toBe(JSON.stringify({ ...long, odd: '\ufffd' }))
})
