import { randomBytes } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { flaggedReader } from '../../../src/adoption/readers/flagged.js'
import { hexGcmReader } from '../../../src/adoption/readers/hex-gcm.js'
import { plaintextReader } from '../../../src/adoption/readers/plaintext.js'
import { readLegacy } from '../../../src/adoption/readers/read-legacy.js'
import {
  BEFORE,
  dated,
  gcmParts,
  hexGcm,
  keyIs,
  legacyKey,
  readText,
  refusal,
  TEXT_FIELD,
  UNTIL,
} from './legacy-values.js'

const { key } = legacyKey()
const WRITTEN = 'tést 🔑 value'

describe('plaintext', () => {
  const readers = dated(plaintextReader())

  test('any text is read as it is', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => readText(readers, text) === text))
  })

  test('a ciphertext of format 1 is none, although its metadata is gone', () => {
    const stored = `ws1:${randomBytes(32).toString('base64url')}:${randomBytes(40).toString('base64url')}`
    expect(refusal(() => readText(readers, stored))).toMatch(/of none of the column's readers \("plaintext"\)/)
    const bytes = { id: 'f', kind: 'bytes' } as const
    const binary = Buffer.concat([Buffer.from([1]), randomBytes(32), randomBytes(40)])
    for (const each of [Buffer.from(stored), binary]) {
      expect(refusal(() => readLegacy(bytes, readers, each, {}, BEFORE))).toMatch(/of none/)
    }
    expect(readLegacy(bytes, readers, Buffer.from([2, 3]), {}, BEFORE).value).toEqual(Buffer.from([2, 3]))
  })

  test('JSON is read where a program can hold its numbers', () => {
    const json = { id: 'f', kind: 'json' } as const
    const read = (text: string) => readLegacy(json, readers, text, {}, BEFORE).value
    expect(read('{"a": [1.50, "12345678901234567890", -2e3, 0.1]}')).toEqual({
      a: [1.5, '12345678901234567890', -2000, 0.1],
    })
    for (const text of ['{"a": 12345678901234567890}', '[0.10000000000000000001]', '[1e999]', '{"a"', '']) {
      expect(refusal(() => read(text))).toMatch(/expected the plaintext to be JSON/)
    }
  })
})

describe('hex-gcm', () => {
  const readers = dated(hexGcmReader(keyIs(key)))

  test.each([12, 16])('opens values with an IV of %i bytes, in small and capital letters', (ivBytes) => {
    const stored = hexGcm(key, WRITTEN, ivBytes)
    expect([stored, stored.toUpperCase()].map((each) => readText(readers, each))).toEqual([WRITTEN, WRITTEN])
    expect(readText(readers, hexGcm(key, '', ivBytes))).toBe('')
  })

  test('any other character of a value is refused, without the value', () => {
    const stored = hexGcm(key, WRITTEN)
    for (let at = 0; at < stored.length; at++) {
      const other = stored[at] === '0' ? '1' : '0'
      const message = refusal(() => readText(readers, stored.slice(0, at) + other + stored.slice(at + 1)))
      expect(message).not.toContain(stored.slice(0, 12))
    }
  })

  test('a shorter tag, another key, plaintext', () => {
    const [iv, tag, ciphertext] = hexGcm(key, WRITTEN).split(':') as [string, string, string]
    expect(refusal(() => readText(readers, [iv, tag.slice(0, 8), ciphertext].join(':')))).toMatch(/of none/)
    expect(refusal(() => readText(readers, hexGcm(legacyKey().key, WRITTEN)))).toMatch(
      /looks like "hex-gcm" and does not open/,
    )
    expect(refusal(() => readText(readers, 'hunter2'))).toMatch(/of none of the column's readers \("hex-gcm"\)/)
  })
})

describe('several readers of one column', () => {
  const former = legacyKey()
  const readers = dated(hexGcmReader(keyIs(former.key)), hexGcmReader(keyIs(key)), plaintextReader())

  test('each value is read by the one that it belongs to', () => {
    expect([hexGcm(key, 'a'), hexGcm(former.key, 'b'), 'c'].map((each) => readText(readers, each))).toEqual([
      'a',
      'b',
      'c',
    ])
  })

  test('what looks encrypted and does not open is not taken for plaintext', () => {
    expect(refusal(() => readText(readers, hexGcm(legacyKey().key, WRITTEN)))).toMatch(/does not open/)
  })

  test('a reader is refused from its end on', () => {
    const [first] = dated(plaintextReader())
    expect(readText([first!], WRITTEN, {}, UNTIL.getTime() - 1)).toBe(WRITTEN)
    expect(refusal(() => readText([first!], WRITTEN, {}, UNTIL.getTime()))).toMatch(/until 2030-01-01T00:00:00.000Z/)
  })

  test('the name of the reader is told, for counts', () => {
    const readerOf = (stored: string) => readLegacy(TEXT_FIELD, readers, stored, {}, BEFORE).reader
    expect([readerOf('c'), readerOf(hexGcm(key, 'a'))]).toEqual(['plaintext', 'hex-gcm'])
  })
})

describe('flagged', () => {
  const format = { flag: 'encrypted', metadata: 'legacy', iv: ['password', 'iv'], encoding: 'base64' } as const
  const { iv, tag, ciphertext } = gcmParts(key, WRITTEN)
  const rowOf = (encrypted: string | null, password: object) => ({ encrypted, legacy: JSON.stringify({ password }) })
  const base64 = (bytes: Buffer) => bytes.toString('base64')

  test('reads the IV and the tag from the column of JSON', () => {
    const readers = dated(flaggedReader(keyIs(key), { ...format, tag: ['password', 'tag'] }))
    const row = rowOf('true', { iv: base64(iv), tag: base64(tag) })
    expect(readText(readers, base64(ciphertext), row)).toBe(WRITTEN)
    for (const altered of [
      { iv: base64(iv) },
      { iv: base64(tag), tag: base64(tag) },
      { iv: base64(iv), tag: base64(tag.subarray(0, 4)) },
    ]) {
      expect(refusal(() => readText(readers, base64(ciphertext), rowOf('true', altered)))).toMatch(/does not open/)
    }
    expect(refusal(() => readText(readers, base64(ciphertext), { encrypted: 'true', legacy: null }))).toMatch(
      /does not open/,
    )
  })

  test('the tag may end the ciphertext, and all of it be hex', () => {
    const readers = dated(flaggedReader(keyIs(key), { ...format, encoding: 'hex' }))
    const stored = Buffer.concat([ciphertext, tag]).toString('hex')
    expect(readText(readers, stored, rowOf('1', { iv: iv.toString('hex') }))).toBe(WRITTEN)
    expect(refusal(() => readText(readers, `${stored}0`, rowOf('1', { iv: iv.toString('hex') })))).toMatch(
      /does not open/,
    )
  })

  test('the flag decides, and one that says nothing is no reason to guess', () => {
    const readers = dated(flaggedReader(keyIs(key), format), plaintextReader())
    expect(readText(readers, 'open', rowOf('false', {}))).toBe('open')
    expect(readText(readers, 'open', rowOf('0', {}))).toBe('open')
    expect(refusal(() => readText(readers, 'open', rowOf('true', {})))).toMatch(
      /looks like "flagged" and does not open/,
    )
    for (const flag of [null, 'maybe']) {
      expect(refusal(() => readText(readers, 'open', rowOf(flag, {})))).toMatch(
        /expected the flag in column "encrypted"/,
      )
    }
  })
})
