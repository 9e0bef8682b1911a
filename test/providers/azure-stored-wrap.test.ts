import { randomBytes } from 'node:crypto'
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { formatStoredWrap, parseStoredWrap } from '../../providers/azure/stored-wrap.js'

const signature = { version: randomBytes(16).toString('hex'), bytes: randomBytes(64) }
const wraps = [
  { wrapped: randomBytes(256), signature },
  { wrapped: randomBytes(384), signature },
  { wrapped: randomBytes(512) },
]

test('a wrap, signed or not, is stored and read back', () => {
  for (const wrap of wraps) {
    const stored = formatStoredWrap(wrap)
    expect(formatStoredWrap(parseStoredWrap(stored)!)).toEqual(stored)
    expect(stored.length).toBeLessThan(4_096)
  }
})

test('bytes read as one wrap are the bytes that it is stored as', () => {
  const part = fc.uint8Array({ maxLength: 6 })
  const spliced = fc.tuple(fc.constantFrom(...wraps.map(formatStoredWrap)), fc.nat(700), fc.nat(6), part)
  fc.assert(
    fc.property(spliced, ([stored, at, removed, added]) => {
      const bytes = Buffer.concat([stored.subarray(0, at), added, stored.subarray(at + removed)])
      const parsed = parseStoredWrap(bytes)
      if (parsed) expect(formatStoredWrap(parsed)).toEqual(bytes)
    }),
  )
})

test.each([
  ['another layout', (bytes: Buffer) => bytes.fill(2, 0, 1)],
  ['a byte after it', (bytes: Buffer) => Buffer.concat([bytes, Buffer.from([0])])],
  ['a fourth part', (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc(4)])],
  ['a byte less', (bytes: Buffer) => bytes.subarray(0, -1)],
  ['a length beyond its end', (bytes: Buffer) => bytes.fill(Buffer.from([0, 0, 1, 128]), 105, 109)],
  ['two parts', (bytes: Buffer) => bytes.subarray(0, 1 + 4 + 32 + 4 + 64)],
  ['a version that is no hexadecimal number', (bytes: Buffer) => bytes.fill('/', 5, 6)],
  [
    'a version in capitals',
    () => formatStoredWrap({ wrapped: randomBytes(256), signature: { ...signature, version: 'A'.repeat(32) } }),
  ],
  [
    'a version without a signature',
    () => formatStoredWrap({ wrapped: randomBytes(256), signature: { ...signature, bytes: Buffer.alloc(0) } }),
  ],
  ['a wrapped key of no RSA key', () => formatStoredWrap({ wrapped: randomBytes(255), signature })],
])('bytes with %s are none', (_, alter) => {
  const stored = formatStoredWrap({ wrapped: randomBytes(256), signature })
  expect(parseStoredWrap(alter(stored))).toBeUndefined()
})
