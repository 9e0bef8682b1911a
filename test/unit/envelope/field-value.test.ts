import assert from 'node:assert/strict'
import { describe, expect, test } from '@jest/globals'
import { decodeValue, encodeValue, type FieldKind, sameValue } from '../../../src/envelope/field-value.js'
import { MAX_FIELD_BYTES } from '../../../src/envelope/format.js'
import { codeOf, secret } from './fixtures.js'

const field = (kind: FieldKind) => ({ id: 'credential.field', kind })
const roundTrip = (kind: FieldKind, value: unknown) =>
  decodeValue(field(kind), Buffer.from(encodeValue(field(kind), value)))
const own = (json: string) => JSON.parse(json) as unknown

class Tokens {
  access = 'a'
}

const nested = (depth: number) => {
  let value: unknown[] = []
  for (let level = 0; level < depth; level++) value = [value]
  return value
}

const circular: Record<string, unknown> = {}
circular.self = circular

const comesBack: [string, FieldKind, unknown][] = [
  ['an empty string', 'text', ''],
  ['a byte order mark', 'text', '\ufeffvalue'],
  ['nothing but a byte order mark', 'text', '\ufeff'],
  ['text of every plane', 'text', 'pässwörd 密码 🔑 \u2028 \0 \r\n'],
  ['unnormalised text', 'text', 'e\u0301 and é'],
  ['the stored form of a field', 'text', `ws1:${'A'.repeat(43)}:${'A'.repeat(38)}`],
  ['an object', 'json', { a: [1, 'two', null, true], b: { c: 1e21, d: -1.5e-7 } }],
  ['null', 'json', null],
  ['a string', 'json', ''],
  ['a string with a lone surrogate', 'json', 'a \ud800'],
  ['a byte order mark in a string', 'json', '\ufeff'],
  ['an own member __proto__', 'json', own('{"__proto__":{"polluted":true},"a":1}')],
  ['an own member constructor', 'json', own('{"constructor":{"prototype":{"polluted":true}}}')],
  ['no bytes', 'bytes', Buffer.alloc(0)],
  ['every byte', 'bytes', Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))],
]

const isRefused: [string, FieldKind, unknown][] = [
  ['null', 'text', null],
  ['undefined', 'text', undefined],
  ['a number', 'text', 1],
  ['a boxed string', 'text', Object('a')],
  ['a lone high surrogate', 'text', 'a \ud83d b'],
  ['a lone low surrogate', 'text', '\udd11'],
  ['undefined', 'json', undefined],
  ['a function', 'json', () => 1],
  ['a symbol', 'json', Symbol('s')],
  ['a bigint', 'json', 1n],
  ['a Date', 'json', new Date(0)],
  ['a Date inside', 'json', { at: new Date(0) }],
  ['NaN', 'json', Number.NaN],
  ['Infinity', 'json', [Number.POSITIVE_INFINITY]],
  ['-0', 'json', -0],
  ['-0 inside', 'json', { a: [-0] }],
  ['a member that is undefined', 'json', { a: undefined }],
  ['an item that is undefined', 'json', [undefined]],
  // biome-ignore lint/suspicious/noSparseArray: it is what is refused.
  ['an array with a hole', 'json', [, 1]],
  ['an array with a member of its own', 'json', Object.assign([1], { more: 2 })],
  ['a class instance', 'json', new Tokens()],
  ['an object without a prototype', 'json', Object.create(null)],
  ['an object that inherits from a plain one', 'json', Object.create({ a: 1 })],
  ['a list of such objects', 'json', [Object.create({ a: 1 })]],
  ['a Map', 'json', new Map([['a', 1]])],
  ['a Buffer', 'json', Buffer.from('a')],
  ['a boxed number', 'json', Object(1)],
  ['a symbol key', 'json', { [Symbol('s')]: 1 }],
  ['toJSON', 'json', { toJSON: () => ({ a: 1 }) }],
  ['a circle', 'json', circular],
  ['nesting too deep to compare', 'json', nested(3_000)],
  ['nesting too deep to print', 'json', nested(100_000)],
  ['a string', 'bytes', 'text'],
  ['an array of numbers', 'bytes', [1, 2]],
  ['an ArrayBuffer', 'bytes', new ArrayBuffer(2)],
  ['a wider typed array', 'bytes', new Uint16Array(2)],
  ['null', 'bytes', null],
]

describe('encodeValue and decodeValue', () => {
  for (const [what, kind, value] of comesBack) {
    test(`as ${kind}, ${what} comes back as it was`, () => {
      // Not `toStrictEqual`: it reads the member "constructor" of a value for its class.
      assert.deepStrictEqual(roundTrip(kind, value), value)
    })
  }

  for (const [what, kind, value] of isRefused) {
    test(`as ${kind}, ${what} is refused`, async () => {
      expect(await codeOf(() => encodeValue(field(kind), value))).toBe('ERR_PLAINTEXT_REFUSED')
    })
  }

  test('__proto__ in JSON stays a member and pollutes nothing', () => {
    const value = roundTrip('json', own('{"__proto__":{"polluted":true}}')) as object
    expect(Object.keys(value)).toEqual(['__proto__'])
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
    expect('polluted' in {}).toBe(false)
  })

  test('an empty string is a value of no bytes, and no value at all is refused', async () => {
    expect(encodeValue(field('text'), '').length).toBe(0)
    expect(await codeOf(() => encodeValue(field('text'), null))).toBe('ERR_PLAINTEXT_REFUSED')
  })

  for (const [what, kind, bytes] of [
    ['a byte that starts nothing', 'text', [0x80]],
    ['a surrogate in UTF-8', 'text', [0xed, 0xa0, 0x80]],
    ['an overlong form', 'text', [0xc0, 0x80]],
    ['a truncated character', 'text', [0xf0, 0x9f, 0x94]],
    ['nothing', 'json', []],
    ['a byte order mark before JSON', 'json', [0xef, 0xbb, 0xbf, 0x31]],
    ['half an object', 'json', [0x7b]],
    ['bytes that are no UTF-8', 'json', [0x22, 0xff, 0x22]],
  ] as const) {
    test(`stored ${kind} of ${what} is refused as invalid`, async () => {
      expect(await codeOf(() => decodeValue(field(kind), Buffer.from(bytes)))).toBe('ERR_INVALID_ENVELOPE')
    })
  }
})

test('the bytes of a plaintext are cleared when its text was made', () => {
  const bytes = Buffer.from('secret')
  expect(decodeValue(field('text'), bytes)).toBe('secret')
  expect(bytes.every((byte) => byte === 0)).toBe(true)
})

describe('the bound of 64 MiB', () => {
  const largest = Buffer.alloc(MAX_FIELD_BYTES + 1, 'a')

  test('64 MiB are taken and one byte more is refused, for each kind', async () => {
    const fits = largest.subarray(1)
    expect(encodeValue(field('bytes'), fits).length).toBe(MAX_FIELD_BYTES)
    expect(encodeValue(field('text'), fits.toString()).length).toBe(MAX_FIELD_BYTES)
    expect(encodeValue(field('json'), fits.toString('utf8', 2)).length).toBe(MAX_FIELD_BYTES)
    expect(await codeOf(() => encodeValue(field('bytes'), largest))).toBe('ERR_PLAINTEXT_REFUSED')
    expect(await codeOf(() => encodeValue(field('text'), largest.toString()))).toBe('ERR_PLAINTEXT_REFUSED')
    expect(await codeOf(() => encodeValue(field('json'), fits.toString('utf8', 1)))).toBe('ERR_PLAINTEXT_REFUSED')
  })

  test('it counts bytes, not characters', async () => {
    const half = 'ä'.repeat(MAX_FIELD_BYTES / 2)
    expect(encodeValue(field('text'), half).length).toBe(MAX_FIELD_BYTES)
    expect(await codeOf(() => encodeValue(field('text'), `${half}a`))).toBe('ERR_PLAINTEXT_REFUSED')
  })
})

describe('a refusal', () => {
  const messageOf = (kind: FieldKind, value: unknown): string => {
    try {
      encodeValue(field(kind), value)
    } catch (error) {
      return (error as Error).message
    }
    assert.fail('it was taken')
  }

  test('names the field and the type and never the value, whatever its members are called', () => {
    const canary = secret()
    const values: [FieldKind, unknown][] = [
      ['text', `${canary}\ud800`],
      ['bytes', canary],
      ['json', { constructor: { name: canary }, lost: undefined }],
      ['json', { constructor: { [canary]: () => 1 }[canary] }],
      ['json', Object.assign(Object.create({ constructor: { name: canary } }), { canary })],
      ['json', { [canary]: new Date(0) }],
    ]
    for (const [kind, value] of values) {
      expect(messageOf(kind, value)).toContain('"credential.field"')
      expect(messageOf(kind, value)).not.toContain(canary)
    }
  })

  test('says what was found', () => {
    expect(messageOf('text', 1)).toContain('found a number')
    expect(messageOf('text', '\ud800')).toContain('found a string with a lone surrogate')
    expect(messageOf('bytes', 'text')).toMatch(/found a string$/)
    expect(messageOf('json', new Date(0))).toContain('found an object of class Date')
    expect(messageOf('json', undefined)).toMatch(/found undefined$/)
  })
})

describe('sameValue', () => {
  test('values too deep to compare are not the same, and no error', () => {
    expect(sameValue('json', nested(3_000), nested(3_000))).toBe(false)
  })

  for (const [kind, a, b, same] of [
    ['text', 'a', 'a', true],
    ['text', 'a', 'b', false],
    ['text', '', null, false],
    ['text', 'é', 'e\u0301', false],
    ['json', { a: [1] }, { a: [1] }, true],
    ['json', { a: [1] }, { a: ['1'] }, false],
    ['json', 0, -0, false],
    ['bytes', Buffer.from('a'), new Uint8Array([97]), true],
    ['bytes', Buffer.from('a'), Buffer.from('b'), false],
    ['bytes', Buffer.from('a'), 'a', false],
  ] as [FieldKind, unknown, unknown, boolean][]) {
    test(`${kind}: ${JSON.stringify(a)} and ${Object.is(b, -0) ? '-0' : JSON.stringify(b)}: ${same}`, () => {
      expect(sameValue(kind, a, b)).toBe(same)
    })
  }
})
