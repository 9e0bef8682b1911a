import { randomBytes } from 'node:crypto'
import { describe, expect, jest, test } from '@jest/globals'
import { formatBytes, formatText, parseBytes, parseText } from '../../../src/envelope/encrypted-field.js'
import { MAX_FIELD_BYTES } from '../../../src/envelope/format.js'
import { codeOf } from './fixtures.js'

const commitmentBytes = randomBytes(32)
const commitment = commitmentBytes.toString('base64url')
const bytes = randomBytes(28 + 20)
const text = formatText({ commitment, bytes })

test('the text form is ws1, the commitment and the rest, and comes back', () => {
  expect(text).toBe(`ws1:${commitment}:${bytes.toString('base64url')}`)
  expect(parseText(text)).toEqual({ commitment, bytes })
})

test('the bytea form is the format byte, the commitment and the rest, and comes back', () => {
  const stored = formatBytes({ commitment, bytes })
  expect(stored.equals(Buffer.concat([Buffer.from([1]), commitmentBytes, bytes]))).toBe(true)
  expect(parseBytes(stored)).toEqual({ commitment, bytes })
})

test('the bytea form shares its memory with nothing', () => {
  const stored = formatBytes({ commitment, bytes })
  expect(stored.buffer.byteLength).toBe(stored.length)
})

test('a view into a larger buffer is read at its place', () => {
  const page = Buffer.concat([randomBytes(7), formatBytes({ commitment, bytes }), randomBytes(9)])
  expect(parseBytes(new Uint8Array(page.buffer, page.byteOffset + 7, page.length - 16))).toEqual({ commitment, bytes })
})

const shortest = Buffer.alloc(28).toString('base64url')

describe('parseText', () => {
  for (const [what, stored] of [
    ['nothing', ''],
    ['plaintext', 'hunter2'],
    ['another format', text.replace('ws1', 'ws2')],
    ['capitals', text.replace('ws1', 'WS1')],
    ['a space before', ` ${text}`],
    ['a space after', `${text} `],
    ['a line feed after', `${text}\n`],
    ['only the prefix', 'ws1:'],
    ['no commitment', `ws1::${shortest}`],
    ['a commitment too short', `ws1:${commitment.slice(1)}:${shortest}`],
    ['a commitment too long', `ws1:A${commitment}:${shortest}`],
    ['a commitment with a foreign character', `ws1:*${commitment.slice(1)}:${shortest}`],
    ['a commitment in another spelling', `ws1:${'A'.repeat(42)}B:${shortest}`],
    ['another separator', `ws1:${commitment}.${shortest}`],
    ['no ciphertext', `ws1:${commitment}:`],
    ['a ciphertext too short', `ws1:${commitment}:${Buffer.alloc(27).toString('base64url')}`],
    ['padding', `ws1:${commitment}:${Buffer.alloc(28).toString('base64')}`],
    ['the base64 alphabet', `ws1:${commitment}:${Buffer.alloc(30, 0xff).toString('base64')}`],
    ['unused bits that are set', `ws1:${commitment}:${shortest.slice(0, -1)}B`],
    ['a third colon', `${text}:`],
    ['a character that base64url does not use', `${text.slice(0, -4)}ä${text.slice(-3)}`],
  ] as const) {
    test(`refuses ${what}`, async () => {
      expect(await codeOf(() => parseText(stored))).toBe('ERR_INVALID_ENVELOPE')
    })
  }

  test('takes a ciphertext of no bytes', () => {
    expect(parseText(`ws1:${commitment}:${shortest}`).bytes.length).toBe(28)
  })

  test('refuses every other spelling of the last character', async () => {
    // 28 bytes leave 4 bits of the last character unused, 29 leave 2, 30 none.
    for (const [length, spellings] of [
      [28, 16],
      [29, 4],
      [30, 1],
    ] as const) {
      const stored = formatText({ commitment, bytes: randomBytes(length) })
      const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
      const last = alphabet.indexOf(stored.at(-1)!)
      const codes = [...alphabet].map((character) => codeOf(() => parseText(stored.slice(0, -1) + character)))
      const refused = (await Promise.all(codes)).flatMap((code, index) => (code === undefined ? [] : [index]))
      expect(refused.length).toBe(64 - 64 / spellings)
      expect(refused.includes(last)).toBe(false)
    }
  })
})

describe('parseBytes', () => {
  for (const [what, stored] of [
    ['nothing', Buffer.alloc(0)],
    ['only the format', Buffer.from([1])],
    ['another format', Buffer.concat([Buffer.from([2]), Buffer.alloc(60)])],
    ['the text form', Buffer.from(text)],
    ['one byte too few', Buffer.concat([Buffer.from([1]), Buffer.alloc(32 + 27)])],
  ] as const) {
    test(`refuses ${what}`, async () => {
      expect(await codeOf(() => parseBytes(stored))).toBe('ERR_INVALID_ENVELOPE')
    })
  }
})

test('64 MiB are read and one byte more is refused, in both forms', async () => {
  const largest = Buffer.alloc(28 + MAX_FIELD_BYTES + 1)
  const fits = largest.subarray(1)
  expect(parseText(formatText({ commitment, bytes: fits })).bytes.length).toBe(fits.length)
  expect(parseBytes(formatBytes({ commitment, bytes: fits })).bytes.length).toBe(fits.length)
  const tooLong = formatText({ commitment, bytes: largest })
  const decoded = jest.spyOn(Buffer, 'from')
  expect(await codeOf(() => parseText(tooLong))).toBe('ERR_INVALID_ENVELOPE')
  // Refused by its length, before anything of that size is allocated.
  expect(decoded).not.toHaveBeenCalled()
  decoded.mockRestore()
  expect(await codeOf(() => parseBytes(formatBytes({ commitment, bytes: largest })))).toBe('ERR_INVALID_ENVELOPE')
})
