import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { canonicalContext, type EncryptionContext } from '../../../src/kms/context.js'

const hex = (context: EncryptionContext) => canonicalContext(context).toString('hex')

test('no pairs are four zero bytes', () => {
  expect(hex({})).toBe('00000000')
})

test('pairs are counted, sorted by name and preceded by their lengths', () => {
  expect(hex({ b: 'é', a: '' })).toBe(
    ['00000002', '00000001', '61', '00000000', '00000001', '62', '00000002', 'c3a9'].join(''),
  )
})

test('names are sorted by their bytes, not by a language', () => {
  const names = ['b', 'a-b', 'ab', 'a0', 'a', '0', '-', 'aa', 'a--b']
  const context = Object.fromEntries(names.map((name) => [name, '']))
  const byBytes = names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  expect(namesIn(canonicalContext(context))).toEqual(byBytes)
})

test('the order in which the pairs were written does not matter', () => {
  expect(hex({ a: '1', b: '2' })).toBe(hex({ b: '2', a: '1' }))
})

test('values are not normalised', () => {
  expect(hex({ a: 'é' })).not.toBe(hex({ a: 'é'.normalize('NFD') }))
  expect(hex({ a: 'A' })).not.toBe(hex({ a: 'a' }))
  expect(hex({ a: '' })).not.toBe(hex({}))
})

const name = fc.stringMatching(/^[a-z0-9-]{1,8}$/)
const value = fc.string({ unit: 'grapheme', maxLength: 12 })
const context = fc.dictionary(name, value, { maxKeys: 5, noNullPrototype: true })

test('different contexts never have the same bytes: the bytes can be read back', () => {
  fc.assert(
    fc.property(context, (pairs) => {
      expect(parse(canonicalContext(pairs))).toEqual(pairs)
    }),
  )
})

test('moving the boundary between two parts changes the bytes', () => {
  fc.assert(
    fc.property(name, name, (left, right) => {
      const joined = left + right
      const contexts = Array.from({ length: joined.length - 1 }, (_, at) => ({
        [joined.slice(0, at + 1)]: joined.slice(at + 1),
      }))
      expect(new Set(contexts.map(hex)).size).toBe(contexts.length)
    }),
  )
})

for (const bad of ['', 'A', 'a b', 'a_b', 'ä', 'a:b', 'a.b', 'a\n', 'a\0', '__proto__x']) {
  test(`the name ${JSON.stringify(bad)} is refused`, () => {
    expect(() => canonicalContext({ [bad]: '' })).toThrow(TypeError)
  })
}

for (const bad of ['\ud800', 'a\udc00', '\udc00\ud800']) {
  test(`the value ${JSON.stringify(bad)} with a lone surrogate is refused and not repeated`, () => {
    const refused = new TypeError('encryption context: the value of "tenant" must be a string of well-formed Unicode')
    expect(() => canonicalContext({ tenant: bad })).toThrow(refused)
  })
}

for (const bad of [undefined, null, 5, {}, ['a']]) {
  test(`the value ${JSON.stringify(bad)} is refused`, () => {
    expect(() => canonicalContext({ tenant: bad } as unknown as EncryptionContext)).toThrow(TypeError)
  })
}

/** Reads canonical bytes back: that this can be written proves that they are unambiguous. */
function parse(bytes: Buffer): EncryptionContext {
  const parts = partsOf(bytes)
  return Object.fromEntries(Array.from({ length: parts.length / 2 }, (_, i) => [parts[2 * i]!, parts[2 * i + 1]!]))
}

function namesIn(bytes: Buffer): string[] {
  return partsOf(bytes).filter((_, index) => index % 2 === 0)
}

function partsOf(bytes: Buffer): string[] {
  const parts: string[] = []
  let offset = 4
  for (let left = 2 * bytes.readUInt32BE(0); left > 0; left--) {
    const end = offset + 4 + bytes.readUInt32BE(offset)
    parts.push(bytes.toString('utf8', offset + 4, end))
    offset = end
  }
  expect(offset).toBe(bytes.length)
  return parts
}
