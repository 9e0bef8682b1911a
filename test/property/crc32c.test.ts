import { crc32c as known } from '@aws-crypto/crc32c'
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { crc32c } from '../../providers/gcp/crc32c.js'

// RFC 3720, appendix B.4.
const increasing = Uint8Array.from({ length: 32 }, (_, index) => index)
const READ_10 = Buffer.from(
  '01c000000000000000000000000000001400000000000400000000140000001828000000000000000200000000000000',
  'hex',
)

test.each([
  ['32 bytes of zeroes', new Uint8Array(32), 0x8a9136aa],
  ['32 bytes of ones', new Uint8Array(32).fill(0xff), 0x62a8ab43],
  ['32 bytes that increase', increasing, 0x46dd794e],
  ['32 bytes that decrease', increasing.toReversed(), 0x113fdb5c],
  ['an iSCSI read command', READ_10, 0xd9963a56],
  ['nothing', new Uint8Array(), 0],
])('CRC32C of %s is that of the standard', (_, bytes, expected) => {
  expect(crc32c(bytes)).toBe(expected)
})

test('CRC32C is what a known library computes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 4096 }), (bytes) => {
      expect(crc32c(bytes)).toBe(known(bytes))
    }),
  )
})
