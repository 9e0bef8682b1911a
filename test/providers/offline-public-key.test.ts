import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { parsePublicKey } from '../../providers/offline/index.js'
import { publicKeyOfPoint } from '../../providers/offline/x25519-point.js'
import { LOW_ORDER } from './low-order.js'

const code = 'ERR_CONFIGURATION'
const pemOf = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }).toString()
const pem = (der: Uint8Array) =>
  `-----BEGIN PUBLIC KEY-----\n${Buffer.from(der).toString('base64')}\n-----END PUBLIC KEY-----\n`
const spki = (point: Uint8Array) => Buffer.concat([Buffer.from('302a300506032b656e032100', 'hex'), point])

test.each([
  ['an elliptic curve', () => generateKeyPairSync('ec', { namedCurve: 'P-256' }), /an RSA or an X25519 key, found ec/],
  ['Ed25519, which signs', () => generateKeyPairSync('ed25519'), /an RSA or an X25519 key, found ed25519/],
  [
    '1,024 bits',
    () => generateKeyPairSync('rsa', { modulusLength: 1_024 }),
    /expected an RSA key of 2048 to 8192 bits/,
  ],
])('a key of %s is refused', (_what, generate, message) => {
  expect(() => parsePublicKey(pemOf(generate().publicKey))).toThrow(message)
})

describe('an X25519 key', () => {
  test('is named by the SHA-256 of its SubjectPublicKeyInfo, and its layout by the version', () => {
    const { publicKey } = generateKeyPairSync('x25519')
    const { fingerprint, kek } = parsePublicKey(pemOf(publicKey))
    expect(fingerprint).toMatch(/^[0-9a-f]{64}$/)
    expect(kek).toEqual({ provider: 'offline', id: fingerprint, version: '2' })
  })

  test.each(LOW_ORDER.slice(0, 5))('of low order is refused: %s', (point) => {
    expect(() => parsePublicKey(pem(spki(Buffer.from(point, 'hex'))))).toThrow(/of low order/)
  })

  test('in another encoding of its point is refused', () => {
    // The points from 2^255 - 19 on are those from 0 on, and the highest bit says nothing.
    for (let low = 0xed; low <= 0xff; low += 1) {
      const point = Buffer.from(`${low.toString(16)}${'ff'.repeat(30)}7f`, 'hex')
      expect(() => parsePublicKey(pem(spki(point)))).toThrow(/in its one encoding/)
    }
    const marked = Buffer.from(spkiPoint(generateKeyPairSync('x25519').publicKey))
    marked[31]! |= 0x80
    expect(() => parsePublicKey(pem(spki(marked)))).toThrow(/in its one encoding/)
  })

  test('of any point that is none of these is taken, and is the same key when it is read again', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (random) => {
        const point = Buffer.from(random)
        point[31]! &= 0x3f
        fc.pre(point.subarray(1).some((byte) => byte !== 0))
        const first = parsePublicKey(pem(spki(point)))
        expect(first.key.equals(publicKeyOfPoint(point))).toBe(true)
        expect(parsePublicKey(pemOf(first.key)).fingerprint).toBe(first.fingerprint)
      }),
    )
  })
})

describe('a file of something else is refused', () => {
  const key = pemOf(generateKeyPairSync('x25519').publicKey)
  const der = createPublicKey(key).export({ type: 'spki', format: 'der' })
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 }).publicKey

  test.each([
    ['nothing', ''],
    ['no PEM', der.toString('base64')],
    ['two keys', key + key],
    ['text before it', `of the safe\n${key}`],
    ['text behind it', `${key}of the safe\n`],
    ['a key of PKCS#1', rsa.export({ type: 'pkcs1', format: 'pem' }).toString()],
    ['an empty one', pem(Buffer.alloc(0))],
    ['a shorter point', pem(spki(Buffer.alloc(31, 9)))],
    ['half of a key', pem(der.subarray(0, 20))],
  ])('%s', (_what, text) => {
    expect(() => parsePublicKey(text)).toThrow(expect.objectContaining({ code }))
    expect(() => parsePublicKey(text)).toThrow(/expected one public key in PEM/)
  })

  test.each([
    ['X25519', der],
    ['RSA', rsa.export({ type: 'spki', format: 'der' })],
  ])('bytes behind a key of %s', (_what, bytes) => {
    expect(() => parsePublicKey(pem(Buffer.concat([bytes, Buffer.of(0)])))).toThrow(/the one encoding/)
  })

  test('whatever bytes: they are refused, or are what would be written again', () => {
    fc.assert(
      fc.property(fc.nat(der.length - 1), fc.nat(255), (at, byte) => {
        const changed = Buffer.from(der)
        changed[at] = byte
        try {
          expect(parsePublicKey(pem(changed)).key.export({ type: 'spki', format: 'der' })).toEqual(changed)
        } catch (error) {
          expect(error).toMatchObject({ code })
        }
      }),
    )
  })
})

function spkiPoint(key: KeyObject): Buffer {
  return key.export({ type: 'spki', format: 'der' }).subarray(-32)
}
