import { inspect } from 'node:util'
import { describe, expect, jest, test } from '@jest/globals'
import { formatBytes, formatText, parseBytes, parseText } from '../../../src/envelope/encrypted-field.js'
import { MAX_FIELD_BYTES } from '../../../src/envelope/format.js'
import { OpenEnvelope } from '../../../src/envelope/open-envelope.js'
import { DataKey } from '../../../src/kms/data-key.js'
import { binding, certificate, codeOf, password, secret, setup, store, tokens } from './fixtures.js'

describe('an open envelope', () => {
  test('encrypts and decrypts each kind of field', async () => {
    const { cipher } = setup()
    const envelope = await cipher.mint(binding)
    for (const [field, value] of [
      [password, ''],
      [password, secret()],
      [tokens, { access: secret(), scopes: ['a', 'b'], expires: null }],
      [certificate, Buffer.from(secret())],
    ] as const) {
      expect(envelope.decryptField(field, envelope.encryptField(field, value))).toEqual(value)
    }
  })

  test('encrypts 64 MiB and no byte more, and reads them from both columns', async () => {
    const { cipher } = setup()
    const envelope = await cipher.mint(binding)
    const tooLong = Buffer.alloc(MAX_FIELD_BYTES + 1, 'waxseal')
    const value = tooLong.subarray(1)
    const field = envelope.encryptField(certificate, value)
    const read = [parseText(formatText(field)), parseBytes(formatBytes(field))]
    expect(read.map((each) => value.equals(envelope.decryptField(certificate, each) as Buffer))).toEqual([true, true])
    expect(await codeOf(() => envelope.encryptField(certificate, tooLong))).toBe('ERR_PLAINTEXT_REFUSED')
  })

  test('never gives the same ciphertext twice', async () => {
    const { cipher } = setup()
    const envelope = await cipher.mint(binding)
    const made = Array.from({ length: 100 }, () => envelope.encryptField(password, 'same').bytes.toString('hex'))
    expect(new Set(made).size).toBe(100)
    expect(new Set(made.map((hex) => hex.slice(0, 24))).size).toBe(100)
  })

  test('opens no field of another id, kind or envelope', async () => {
    const { cipher } = setup()
    const [one, two] = [await cipher.mint(binding), await cipher.mint(binding)]
    const field = one.encryptField(password, '"a"')
    const foreign = { ...field, commitment: two.metadata.commitment }
    expect(await codeOf(() => one.decryptField({ ...password, id: 'credential.other' }, field))).toBe(
      'ERR_DECRYPTION_FAILED',
    )
    expect(await codeOf(() => one.decryptField({ ...password, kind: 'json' }, field))).toBe('ERR_DECRYPTION_FAILED')
    expect(await codeOf(() => two.decryptField(password, field))).toBe('ERR_DECRYPTION_FAILED')
    expect(await codeOf(() => two.decryptField(password, foreign))).toBe('ERR_DECRYPTION_FAILED')
    expect(await codeOf(() => one.decryptField(password, foreign))).toBe('ERR_DECRYPTION_FAILED')
  })

  test('opens a field by the commitment in it, although the key alone would fit', async () => {
    const { cipher } = setup()
    const envelope = await cipher.mint(binding)
    const field = envelope.encryptField(password, 'kept')
    const altered = { ...field, commitment: Buffer.alloc(32).toString('base64url') }
    expect(await codeOf(() => envelope.decryptField(password, altered))).toBe('ERR_DECRYPTION_FAILED')
    const other = { ...envelope.metadata, commitment: altered.commitment }
    const underOther = new OpenEnvelope(other, binding, envelope.dataKey)
    expect(await codeOf(() => underOther.decryptField(password, altered))).toBe('ERR_DECRYPTION_FAILED')
  })

  test('refuses a field id that UTF-8 cannot tell from another', async () => {
    const { cipher } = setup()
    const envelope = await cipher.mint(binding)
    expect(() => envelope.encryptField({ id: 'credential.\ud800', kind: 'text' }, 'a')).toThrow(TypeError)
  })

  test('prints no secret', async () => {
    const { cipher } = setup()
    const value = secret()
    const envelope = await cipher.mint(binding)
    envelope.encryptField(password, value)
    const key = envelope.dataKey.withBytes((bytes) => Buffer.from(bytes).toString('hex'))
    for (const printed of [
      inspect(envelope, { depth: 9, showHidden: true }),
      JSON.stringify(envelope),
      inspect(cipher),
    ]) {
      expect(printed).not.toContain(value)
      expect(printed).not.toContain(key)
    }
  })
})

describe('the plaintext that an encryption makes', () => {
  const encoded = async (dataKey: DataKey, value: string) => {
    const { cipher } = setup()
    const { metadata } = await store(cipher)
    const envelope = new OpenEnvelope(metadata, binding, dataKey)
    const made = jest.spyOn(Buffer, 'from')
    try {
      const code = await codeOf(() => envelope.encryptField(password, value))
      const index = made.mock.calls.findIndex(([first]) => (first as unknown) === value)
      return { code, bytes: made.mock.results[index]?.value as Buffer }
    } finally {
      made.mockRestore()
    }
  }

  test('is cleared when it was encrypted', async () => {
    const { code, bytes } = await encoded(DataKey.generate(), secret())
    expect([code, bytes.length, bytes.every((byte) => byte === 0)]).toEqual([undefined, 25, true])
  })

  test('is cleared when it could not be encrypted', async () => {
    const dataKey = DataKey.generate()
    dataKey.destroy()
    const { code, bytes } = await encoded(dataKey, secret())
    expect([code, bytes.length, bytes.every((byte) => byte === 0)]).toEqual([
      expect.stringContaining('destroyed'),
      25,
      true,
    ])
  })

  test("is left alone when it is the caller's own", async () => {
    const { cipher } = setup()
    const envelope = await cipher.mint(binding)
    const bytes = Buffer.from('kept')
    envelope.encryptField(certificate, bytes)
    expect(bytes.toString()).toBe('kept')
  })
})
