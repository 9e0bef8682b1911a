import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { decryptHpke, encryptHpke } from '../../providers/offline/hpke.js'
import { publicKeyOfPoint, rawPublicKey } from '../../providers/offline/x25519-point.js'
import { LOW_ORDER } from './low-order.js'

const hex = (text: string) => Buffer.from(text, 'hex')
const bytes = fc.uint8Array({ maxLength: 100 })

/**
 * The vectors of RFC 9180 in JSON, of which its appendix prints a part: mode 0, KEM 0x0020, KDF 0x0001, AEAD 0x0002, the
 * first encryption.
 */
const VECTOR = {
  privateKey: hex('497b4502664cfea5d5af0b39934dac72242a74f8480451e1aee7d6a53320333d'),
  publicKey: hex('430f4b9859665145a6b1ba274024487bd66f03a2dd577d7753c68d7d7d00c00c'),
  enc: hex('6c93e09869df3402d7bf231bf540fadd35cd56be14f97178f0954db94b7fc256'),
  info: Buffer.from('Ode on a Grecian Urn'),
  aad: Buffer.from('Count-0'),
  plaintext: Buffer.from('Beauty is truth, truth beauty'),
  ciphertext: hex('e5d84cd531cfb583096e7cfa9641bd3079cf3a91cda813c52deb5f512be9931980a41de125a925cdad859d5b7a'),
}

function privateKeyOf(raw: Uint8Array) {
  const der = Buffer.concat([hex('302e020100300506032b656e04220420'), raw])
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
}

describe('the vector of RFC 9180', () => {
  const key = privateKeyOf(VECTOR.privateKey)
  const message = Buffer.concat([VECTOR.enc, VECTOR.ciphertext])

  test('opens', () => {
    expect(rawPublicKey(createPublicKey(key))).toEqual(VECTOR.publicKey)
    expect(decryptHpke(key, VECTOR.info, VECTOR.aad, message)).toEqual(VECTOR.plaintext)
  })

  test('opens with no bit of it, of info or of the AAD changed', () => {
    const changes = [message, VECTOR.info, VECTOR.aad].flatMap((part, place) =>
      Array.from({ length: part.length * 8 }, (_, bit) => {
        const parts = [message, VECTOR.info, VECTOR.aad].map((each) => Buffer.from(each))
        parts[place]![bit >> 3]! ^= 1 << (bit & 7)
        return parts as [Buffer, Buffer, Buffer]
      }),
    )
    expect(changes.filter(([message, info, aad]) => decryptHpke(key, info, aad, message) !== undefined)).toEqual([])
    expect(changes.length).toBe((77 + 20 + 7) * 8)
  })

  test('opens with no part of it left out', () => {
    for (let length = 0; length < message.length; length += 1) {
      expect(decryptHpke(key, VECTOR.info, VECTOR.aad, message.subarray(0, length))).toBeUndefined()
    }
  })
})

test('what was encrypted opens under the same key, info and AAD and under no others', () => {
  const [ours, theirs] = [generateKeyPairSync('x25519'), generateKeyPairSync('x25519')]
  fc.assert(
    fc.property(bytes, bytes, bytes, (info, aad, plaintext) => {
      const message = encryptHpke(ours.publicKey, info, aad, plaintext)
      expect(decryptHpke(ours.privateKey, info, aad, message)?.equals(plaintext)).toBe(true)
      expect(decryptHpke(theirs.privateKey, info, aad, message)).toBeUndefined()
      expect(decryptHpke(ours.privateKey, Buffer.concat([info, Buffer.of(0)]), aad, message)).toBeUndefined()
      expect(decryptHpke(ours.privateKey, info, Buffer.concat([aad, Buffer.of(0)]), message)).toBeUndefined()
    }),
  )
})

test('bytes that nobody encrypted do not open', () => {
  const { privateKey } = generateKeyPairSync('x25519')
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (message) => {
      expect(decryptHpke(privateKey, VECTOR.info, VECTOR.aad, message)).toBeUndefined()
    }),
  )
})

test('a message is encrypted under an ephemeral key of its own', () => {
  const { publicKey } = generateKeyPairSync('x25519')
  const message = Array.from({ length: 20 }, () => encryptHpke(publicKey, VECTOR.info, VECTOR.aad, VECTOR.plaintext))
  expect(new Set(message.map((each) => each.toString('hex', 0, 32))).size).toBe(20)
})

test.each(LOW_ORDER)('nothing is encrypted or opened by way of the point of low order %s', (point) => {
  const { privateKey } = generateKeyPairSync('x25519')
  const encrypt = () => encryptHpke(publicKeyOfPoint(hex(point)), VECTOR.info, VECTOR.aad, VECTOR.plaintext)
  expect(encrypt).toThrow('low order')
  expect(
    decryptHpke(privateKey, VECTOR.info, VECTOR.aad, Buffer.concat([hex(point), VECTOR.ciphertext])),
  ).toBeUndefined()
})
