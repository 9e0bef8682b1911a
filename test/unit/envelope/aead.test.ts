import { createDecipheriv, createSecretKey, randomBytes } from 'node:crypto'
import { describe, expect, jest, test } from '@jest/globals'
import { decrypt, encrypt } from '../../../src/envelope/aead.js'
import { IV_BYTES, TAG_BYTES } from '../../../src/envelope/format.js'
import { codeOf } from './fixtures.js'

const key = createSecretKey(randomBytes(32))
const aad = Buffer.from('what it is bound to')
/** Where pieces begin and end, and what has no piece at all. */
const lengths = [0, 1, 15, 16, 17, 131_071, 131_072, 131_073, 262_144, 400_001]

describe('encrypt and decrypt', () => {
  for (const length of lengths) {
    test(`${length} bytes come back, as one AES-256-GCM message`, () => {
      const plaintext = randomBytes(length)
      const stored = encrypt(key, aad, plaintext)
      expect(stored.length).toBe(IV_BYTES + length + TAG_BYTES)
      expect(decrypt(key, aad, stored).equals(plaintext)).toBe(true)
      // In one piece by the platform itself: our pieces are not visible from outside.
      const decipher = createDecipheriv('aes-256-gcm', key, stored.subarray(0, 12), { authTagLength: 16 })
      decipher.setAAD(aad).setAuthTag(stored.subarray(-16))
      expect(Buffer.concat([decipher.update(stored.subarray(12, -16)), decipher.final()]).equals(plaintext)).toBe(true)
    })
  }

  test('every single flipped bit is refused', async () => {
    const stored = encrypt(key, aad, Buffer.from('a plaintext'))
    for (let bit = 0; bit < stored.length * 8; bit++) {
      const forged = Buffer.from(stored)
      forged[bit >> 3]! ^= 1 << (bit & 7)
      expect(await codeOf(() => decrypt(key, aad, forged))).toBe('ERR_DECRYPTION_FAILED')
    }
  })

  test('every truncation is refused, those included that leave no room for an IV and a tag', async () => {
    const stored = encrypt(key, aad, Buffer.from('a plaintext'))
    for (let length = 0; length < stored.length; length++) {
      expect(await codeOf(() => decrypt(key, aad, stored.subarray(0, length)))).toBe('ERR_DECRYPTION_FAILED')
    }
  })

  test('another AAD and another key are refused', async () => {
    const stored = encrypt(key, aad, Buffer.from('a plaintext'))
    expect(await codeOf(() => decrypt(key, Buffer.from('another'), stored))).toBe('ERR_DECRYPTION_FAILED')
    expect(await codeOf(() => decrypt(createSecretKey(randomBytes(32)), aad, stored))).toBe('ERR_DECRYPTION_FAILED')
  })
})

test('no plaintext stays in our memory after a tag that does not verify', () => {
  const canary = randomBytes(100_000)
  const stored = encrypt(key, aad, canary)
  stored[stored.length - 1]! ^= 1
  const decipher = Object.getPrototypeOf(createDecipheriv('aes-256-gcm', key, stored.subarray(0, 12)))
  const updated = jest.spyOn(decipher, 'update')
  try {
    expect(() => decrypt(key, aad, stored)).toThrow('decryption failed')
    const buffers = updated.mock.results.map(({ value }) => value as Buffer)
    // The whole plaintext was there, once.
    expect(buffers.map(({ length }) => length)).toEqual([100_000])
    expect(buffers.every((buffer) => buffer.every((byte) => byte === 0))).toBe(true)
  } finally {
    updated.mockRestore()
  }
})
