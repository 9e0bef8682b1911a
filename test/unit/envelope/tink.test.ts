import { createDecipheriv } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import { aadOf, envelopeAad } from '../../../src/envelope/aad.js'
import { withSharedData } from '../../setup/shared-data.js'
import { binding, callsOf, codeOf, password, setup, store } from './fixtures.js'

interface TinkVector {
  readonly kekHex: string
  readonly ciphertextHex: string
  readonly associatedData: string
  readonly plaintext: string
  readonly dekHex: string
}

/** AES-GCM over `iv ‖ ciphertext ‖ tag`, for this test alone. */
function open(key: Buffer, message: Buffer, aad: Buffer): Buffer {
  const decipher = createDecipheriv(`aes-${key.length * 8}-gcm` as 'aes-256-gcm', key, message.subarray(0, 12), {
    authTagLength: 16,
  })
  decipher.setAAD(aad).setAuthTag(message.subarray(-16))
  return Buffer.concat([decipher.update(message.subarray(12, -16)), decipher.final()])
}

/** `uint32 length ‖ wrapped data key ‖ payload`; each message of the KEK carries a prefix of five bytes. */
function parse(stored: Buffer): { wrapped: Buffer; payload: Buffer } {
  const end = 4 + stored.readUInt32BE(0)
  return { wrapped: stored.subarray(4 + 5, end), payload: stored.subarray(end) }
}

const NOTHING = Buffer.alloc(0)

withSharedData("Tink's KMS envelope", 'vectors/tink_kms_envelope_aead.json', (content) => {
  const vector = JSON.parse(content) as TinkVector
  const kek = Buffer.from(vector.kekHex, 'hex')
  const { wrapped, payload } = parse(Buffer.from(vector.ciphertextHex, 'hex'))

  describe("Tink's KMS envelope", () => {
    test('opens with a reader made for this test', () => {
      // The data key lies in a protobuf message: one field of 32 bytes.
      const dataKey = open(kek, wrapped, NOTHING).subarray(2)
      expect(dataKey.toString('hex')).toBe(vector.dekHex)
      expect(open(dataKey, payload, Buffer.from(vector.associatedData)).toString()).toBe(vector.plaintext)
    })

    test('its KEK opens the data key whatever the payload belongs to; ours opens it for its own context only', async () => {
      // Tink gives the KMS no associated data. So the KMS cannot tell which record a wrapped data key belongs to: it
      // neither refuses the data key of another record nor names the record in its audit trail, and only the payload,
      // after the KMS has answered, tells one from the other.
      expect(open(kek, wrapped, NOTHING).subarray(2).toString('hex')).toBe(vector.dekHex)
      expect(() => open(kek, wrapped, Buffer.from(vector.associatedData))).toThrow()

      const { cipher, kms } = setup({ cache: false })
      const { metadata } = await store(cipher)
      const stranger = { ...binding, context: { tenant: 'another tenant' } }
      expect(await codeOf(() => cipher.open(metadata, stranger))).toBe('ERR_DECRYPTION_FAILED')
      expect(callsOf(kms)).toEqual([['generateDataKey', 'unwrap']])
    })

    test('its payload does not name its data key; ours carries a commitment in the AAD', () => {
      const parts = [Buffer.from('an envelope id'), Buffer.from('a commitment'), NOTHING] as const
      const other = [parts[0], Buffer.from('another'), NOTHING] as const
      expect(aadOf(password, envelopeAad(...parts)).equals(aadOf(password, envelopeAad(...other)))).toBe(false)
    })
  })
})
