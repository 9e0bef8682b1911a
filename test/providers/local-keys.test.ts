import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { generateLocalKey, LocalProvider, type LocalProviderOptions } from '../../providers/local/index.js'

const KEY = generateLocalKey()
const OTHER = generateLocalKey()
const [KEY_TEXT, FINGERPRINT] = KEY.split('.') as [string, string]
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url')
const bytesOf = (of: (index: number) => number) => Uint8Array.from({ length: 32 }, (_, index) => of(index) & 0xff)

function refusalOf(options: LocalProviderOptions): Error {
  try {
    new LocalProvider(options)
  } catch (error) {
    expect(error).toMatchObject({ code: 'ERR_CONFIGURATION', retryable: false })
    expect((error as Error).message).toMatch(/^provider "local": .*[^.]$/)
    return error as Error
  }
  assert.fail('expected a refusal, found a provider')
}

for (const [name, keys] of [
  ['commas', `1:${KEY},2:${OTHER}`],
  ['lines', `1:${KEY}\n2:${OTHER}\n`],
  ['lines of another system', `1:${KEY}\r\n2:${OTHER}\r\n`],
  ['spaces, empty lines and comments', `# the first, since 2026\n\n 1:${KEY} , 2:${OTHER} # the second, too\n,\n`],
] as const) {
  test(`keys may be separated by ${name}`, async () => {
    const current = (currentKey: number) => new LocalProvider({ keys, currentKey }).currentKek({})
    await expect(current(1)).resolves.toMatchObject({ version: `1-${FINGERPRINT}` })
    await expect(current(2)).resolves.toMatchObject({ version: `2-${OTHER.split('.')[1]}` })
  })
}

/** What is wrong with the text of a key, and a part of the message that says so. */
const REFUSED_TEXTS: readonly (readonly [string, string, string])[] = [
  ['nothing', '', 'no key is configured'],
  ['only a comment', '# 1:key', 'no key is configured'],
  ['a key without a number', KEY, 'entry 1 of the keys is not of the form <number>:<key>.<fingerprint>'],
  ['a placeholder without a number', 'change-me', 'entry 1 of the keys is a placeholder'],
  ['the number 0', `0:${KEY}`, 'a key number must be a whole number'],
  ['a number too high', `1000000000:${KEY}`, 'a key number must be a whole number'],
  ['a negative number', `-1:${KEY}`, 'entry 1 of the keys is not of the form'],
  ['an empty key', '1:', 'found 0 bytes'],
  ['the placeholder change-me', '1:change-me', 'key 1 is a placeholder'],
  ['the placeholder CHANGEME', '1:CHANGEME', 'key 1 is a placeholder'],
  ['the placeholder <key>', '1:<key>.<fingerprint>', 'key 1 is a placeholder'],
  ['the placeholder AAAA…', `1:${'A'.repeat(43)}`, 'key 1 is a placeholder'],
  ['the placeholder xxxx', `1:${'x'.repeat(43)}`, 'key 1 is a placeholder'],
  ['a placeholder of full length', `1:${'replace-with-your-own-key'.padEnd(43, '0')}`, 'key 1 is a placeholder'],
  ['31 bytes', `1:${text(randomBytes(31))}`, 'must be 32 bytes in base64url without padding (43 characters), found 31'],
  ['33 bytes', `1:${text(randomBytes(33))}`, 'found 33 bytes'],
  ['a key of 128 bits', `1:${text(randomBytes(16))}`, 'found 16 bytes'],
  ['hexadecimal', `1:${randomBytes(32).toString('hex')}`, 'found 48 bytes'],
  ['base64 with padding', `1:${KEY_TEXT}=`, 'not canonical base64url'],
  ['base64 with + and /', `1:${'+/'.padEnd(43, KEY_TEXT)}`, 'not canonical base64url'],
  ['unused bits that are set', `1:${withUnusedBits(KEY_TEXT)}.${FINGERPRINT}`, 'not canonical base64url'],
  ['quotation marks', `1:"${KEY}"`, 'key 1'],
  [
    'no fingerprint',
    `1:${KEY_TEXT}`,
    `key 1 has no fingerprint; if this key is the right one, append ".${FINGERPRINT}"`,
  ],
  ['the fingerprint of another key', `1:${KEY_TEXT}.${OTHER.split('.')[1]}`, 'key 1 was mistyped'],
  ['a fingerprint cut short', `1:${KEY.slice(0, -1)}`, 'key 1 was mistyped'],
  ['an empty fingerprint', `1:${KEY_TEXT}.`, 'key 1 was mistyped'],
  ['one number twice', `1:${KEY},1:${OTHER}`, 'the number 1 stands before two keys'],
  ['one number in two spellings', `1:${KEY},01:${OTHER}`, 'the number 1 stands before two keys'],
  ['one key under two numbers', `1:${KEY},2:${KEY}`, 'keys 1 and 2 are the same key'],
]

for (const [what, keys, message] of REFUSED_TEXTS) {
  test(`${what} in the text of the keys is refused and the key not repeated`, () => {
    const error = refusalOf({ keys, currentKey: 1 })
    expect(error.message).toContain(message)
    for (const secret of [KEY_TEXT, OTHER.split('.')[0]!]) expect(error.message).not.toContain(secret)
  })
}

const REFUSED_BYTES: readonly (readonly [string, Uint8Array, string])[] = [
  ['31 bytes', new Uint8Array(randomBytes(31)), 'must have 32 bytes, found 31'],
  ['no bytes', new Uint8Array(0), 'must have 32 bytes, found 0'],
  ['zeros', new Uint8Array(32), 'is all zero'],
  ['one byte repeated', new Uint8Array(32).fill(0xa5), 'repeats the same bytes'],
  ['two bytes repeated', bytesOf((index) => (index % 2 ? 0xde : 0xad)), 'repeats the same bytes'],
  ['seven bytes repeated', bytesOf((index) => (index % 7) * 31), 'repeats the same bytes'],
  ['half a key twice', Buffer.concat(Array(2).fill(randomBytes(16))), 'repeats the same bytes'],
  ['00 01 02 …', bytesOf((index) => index), 'is a sequence of evenly spaced bytes'],
  ['1f 1e 1d …', bytesOf((index) => 31 - index), 'is a sequence of evenly spaced bytes'],
  ['f0 … ff 00 …', bytesOf((index) => 0xf0 + index), 'is a sequence of evenly spaced bytes'],
  ['text', Buffer.from('my very own secret password here'), 'is text and not random bytes'],
  ['few different bytes', bytesOf((index) => Math.floor(index / 3) * 17), 'has too few different bytes'],
]

for (const [what, bytes, message] of REFUSED_BYTES) {
  test(`a key of ${what} is refused`, () => {
    expect(refusalOf({ keys: { 1: Uint8Array.from(bytes) }, currentKey: 1 }).message).toContain(message)
    if (bytes.length === 32 && !bytes.every((byte) => byte === 0)) {
      expect(refusalOf({ keys: `1:${text(bytes)}`, currentKey: 1 }).message).toContain(message)
    }
  })
}

test('one number in two spellings before key bytes is refused', () => {
  const keys = { 1: randomBytes(32), '01': randomBytes(32) }
  expect(refusalOf({ keys, currentKey: 1 }).message).toContain('the number 1 is given to two keys')
})

for (const currentKey of [2, 0, -1, 1.5, Number.NaN]) {
  test(`the current key ${currentKey} is refused when it is not among the keys`, () => {
    const { message } = refusalOf({ keys: `1:${KEY}`, currentKey })
    expect(message).toContain(`the current key is ${currentKey}, which is not among the configured keys (1); add it`)
  })
}

for (const id of ['', ' ', 'a b', '-a', 'ü', 'a'.repeat(65), 'a@b', '\u001b[31m']) {
  test(`the keyring id ${JSON.stringify(id)} is refused`, () => {
    expect(refusalOf({ keys: `1:${KEY}`, currentKey: 1, id }).message).toContain('the keyring id must match')
  })
}

test('an unknown option is refused by its name', () => {
  const options = { keys: `1:${KEY}`, currentKey: 1, current: 2 } as LocalProviderOptions
  expect(refusalOf(options).message).toContain('unknown option "current"')
})

test('keys from an environment variable that is not set are refused', () => {
  expect(refusalOf({ keys: undefined as unknown as string, currentKey: 1 }).message).toContain('"keys" is missing')
})

test('any one character of a key mistyped is refused', () => {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const position = fc.integer({ min: 0, max: KEY_TEXT.length - 1 })
  fc.assert(
    fc.property(position, fc.constantFrom(...alphabet), (index, character) => {
      fc.pre(KEY_TEXT[index] !== character)
      const mistyped = KEY_TEXT.slice(0, index) + character + KEY_TEXT.slice(index + 1)
      refusalOf({ keys: `1:${mistyped}.${FINGERPRINT}`, currentKey: 1 })
    }),
  )
})

test('random keys are accepted', () => {
  fc.assert(
    fc.property(fc.constant(0), () => {
      expect(() => new LocalProvider({ keys: { 1: randomBytes(32) }, currentKey: 1 })).not.toThrow()
      expect(() => new LocalProvider({ keys: `1:${generateLocalKey()}`, currentKey: 1 })).not.toThrow()
    }),
    { numRuns: 2_000 },
  )
})

test('generated keys differ', () => {
  expect(new Set(Array.from({ length: 100 }, generateLocalKey)).size).toBe(100)
})

/** The last character of 43 carries two bits that belong to no byte. */
function withUnusedBits(key: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  return key.slice(0, -1) + alphabet[alphabet.indexOf(key.at(-1)!) + 1]
}
