/*
 * One AES-GCM message that verifies under two keys (Dodis, Grubbs, Ristenpart, Woodage: "Fast Message Franking", CRYPTO
 * 2018): the tag is linear in the ciphertext, so one block can be chosen to make both tags equal. For the vectors alone.
 */
import { createCipheriv } from 'node:crypto'

const block = (key, bytes) => createCipheriv('aes-256-ecb', key, null).setAutoPadding(false).update(bytes)
const toField = (bytes) => BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
const toBytes = (element) => Buffer.from(element.toString(16).padStart(32, '0'), 'hex')

/** In GCM's field: the first bit of a block is the coefficient of x^0. */
function multiply(a, b) {
  let product = 0n
  for (let bit = 127n; bit >= 0n; bit--) {
    if ((a >> bit) & 1n) product ^= b
    b = b & 1n ? (b >> 1n) ^ (0xe1n << 120n) : b >> 1n
  }
  return product
}

const ONE = 1n << 127n

function power(base, exponent) {
  let result = ONE
  for (; exponent > 0n; exponent >>= 1n, base = multiply(base, base)) if (exponent & 1n) result = multiply(result, base)
  return result
}

const inverse = (element) => power(element, (1n << 128n) - 2n)

function blocksOf(bytes) {
  const padded = Buffer.concat([bytes, Buffer.alloc((16 - (bytes.length % 16)) % 16)])
  return Array.from({ length: padded.length / 16 }, (_, index) => toField(padded.subarray(index * 16, index * 16 + 16)))
}

function tagOf({ key, aad }, iv, ciphertext) {
  const lengths = (BigInt(aad.length * 8) << 64n) | BigInt(ciphertext.length * 8)
  const hashKey = toField(block(key, Buffer.alloc(16)))
  const hash = [...blocksOf(aad), ...blocksOf(ciphertext), lengths].reduce(
    (sum, each) => multiply(sum ^ each, hashKey),
    0n,
  )
  return hash ^ toField(block(key, Buffer.concat([iv, Buffer.from([0, 0, 0, 1])])))
}

/** The last block of `ciphertext`, whose length is a multiple of 16, is replaced. */
export function fieldUnderTwoKeys(iv, [one, two], ciphertext) {
  const start = Buffer.concat([ciphertext.subarray(0, -16), Buffer.alloc(16)])
  const difference = tagOf(one, iv, start) ^ tagOf(two, iv, start)
  // The last block is multiplied by H² on each side: once for itself, once for the block of lengths.
  const squares = [one, two].map(({ key }) => power(toField(block(key, Buffer.alloc(16))), 2n))
  const last = multiply(difference, inverse(squares[0] ^ squares[1]))
  const made = Buffer.concat([ciphertext.subarray(0, -16), toBytes(last)])
  return { ciphertext: made, tag: toBytes(tagOf(one, iv, made)) }
}
