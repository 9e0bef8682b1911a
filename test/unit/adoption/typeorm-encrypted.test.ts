import { describe, expect, test } from '@jest/globals'
import { EncryptionTransformer, JSONEncryptionTransformer } from 'typeorm-encrypted'
import { readLegacy } from '../../../src/adoption/readers/read-legacy.js'
import { typeormEncryptedReader } from '../../../src/adoption/readers/typeorm-encrypted.js'
import { BEFORE, dated, keyIs, legacyKey, readText, refusal } from './legacy-values.js'

const WRITTEN = 'tést 🔑 value'
const FORMATS = [
  { algorithm: 'aes-256-gcm', ivLength: 12 },
  { algorithm: 'aes-256-gcm', ivLength: 16 },
  { algorithm: 'aes-256-cbc', ivLength: 16 },
] as const

describe.each(FORMATS)('$algorithm with an IV of $ivLength bytes, written by the library', (format) => {
  const { key, hex } = legacyKey()
  const readers = dated(typeormEncryptedReader(keyIs(key), format))
  const transformer = new EncryptionTransformer({ ...format, key: hex })
  const written = (text: string) => String(transformer.to(text))

  test('is read', () => {
    for (const text of [WRITTEN, '', 'x'.repeat(16)]) expect(readText(readers, written(text))).toBe(text)
  })

  test('its JSON is read from the object that it lies in', () => {
    const stored = JSON.stringify(new JSONEncryptionTransformer({ ...format, key: hex }).to({ token: WRITTEN }))
    const { value } = readLegacy({ id: 'f', kind: 'json' }, readers, stored, {}, BEFORE)
    expect(value).toEqual({ token: WRITTEN })
    expect(refusal(() => readText(readers, stored.replace('encrypted', 'other')))).toMatch(/of none/)
  })

  test('what is no base64, or too short, is none of its values', () => {
    const stored = written(WRITTEN)
    for (const other of ['', 'hunter2', `${stored}\n`, stored.slice(0, 16)]) {
      expect(refusal(() => readText(readers, other))).toMatch(/of none/)
    }
  })

  test('what was cut does not open', () => {
    const cut = Buffer.from(written(WRITTEN), 'base64').subarray(0, -1).toString('base64')
    expect(refusal(() => readText(readers, cut))).toMatch(/does not open/)
  })
})

test('GCM refuses every altered byte; CBC cannot, which docs/adoption.md says', () => {
  const { key, hex } = legacyKey()
  const altered = (algorithm: 'aes-256-gcm' | 'aes-256-cbc') => {
    const stored = Buffer.from(
      String(new EncryptionTransformer({ algorithm, ivLength: 16, key: hex }).to('0123456789')),
      'base64',
    )
    stored[0]! ^= 1
    return () =>
      readText(dated(typeormEncryptedReader(keyIs(key), { algorithm, ivLength: 16 })), stored.toString('base64'))
  }
  expect(refusal(altered('aes-256-gcm'))).toMatch(/does not open/)
  expect(altered('aes-256-cbc')()).toBe('1123456789')
})
