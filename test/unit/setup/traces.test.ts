import { randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import { expect, test } from '@jest/globals'
import { findTracesIn, findTracesOf } from '../../setup/traces.js'

const text = 'canary of o\'clock\n"quoted" \\ and more'
/** Of which the two alphabets of base64 make different texts. */
const bytes = Buffer.from(Array.from({ length: 32 }, (_, index) => [0xfb, 0xef, 0xff - index][index % 3]!))

const found = (canary: string | Uint8Array, printed: string) => {
  return findTracesIn([{ where: 'here', text: `before ${printed} after` }], canary)
}
const shifted = (value: string | Uint8Array, by: number) =>
  Buffer.concat([randomBytes(by), Buffer.from(value), randomBytes(2)])

const TEXTS: Readonly<Record<string, string>> = {
  plain: text,
  JSON: JSON.stringify({ text }),
  'SQL literal': `'${text.replaceAll("'", "''")}'`,
  'log lines': text.replaceAll("'", "''").replaceAll('\n', '\n\t'),
  hex: Buffer.from(text).toString('hex').toUpperCase(),
  base64: shifted(text, 3).toString('base64'),
  numbers: JSON.stringify(Buffer.from(text)),
  'UTF-16 latin1': Buffer.from(text, 'utf16le').toString('latin1'),
  'UTF-16 hex': Buffer.from(text, 'utf16le').toString('hex'),
  'UTF-16 base64': shifted(Buffer.from(text, 'utf16le'), 1).toString('base64'),
}
for (const [form, printed] of Object.entries(TEXTS)) {
  test(`finds a text as ${form}`, () => expect(found(text, printed)).toContain(`here (${form})`))
}

const BYTES: Readonly<Record<string, readonly [form: string, printed: string]>> = {
  hex: ['hex', bytes.toString('hex')],
  'a literal of Postgres': ['hex', `'\\x${bytes.toString('hex')}'`],
  'an inspected buffer': ['hex', inspect(bytes)],
  'an inspected array': ['numbers', inspect(new Uint8Array(bytes))],
  'a buffer in JSON': ['numbers', JSON.stringify({ bytes }, null, 2)],
  'an array in JSON': ['numbers', JSON.stringify(new Uint8Array(bytes))],
  'JSON within JSON': ['numbers', JSON.stringify(JSON.stringify(new Uint8Array(bytes)))],
  'a binary string': ['latin1', bytes.toString('latin1')],
  base64: ['base64', bytes.toString('base64')],
  'base64, one byte later': ['base64', shifted(bytes, 1).toString('base64')],
  'base64, two bytes later': ['base64', shifted(bytes, 2).toString('base64')],
  base64url: ['base64url', shifted(bytes, 3).toString('base64url')],
}
for (const [what, [form, printed]] of Object.entries(BYTES)) {
  test(`finds bytes as ${what}`, () => expect(found(bytes, printed)).toEqual([`here (${form})`]))
}

test('finds each of many and nothing else, in one pass', () => {
  const canaries = Array.from({ length: 500 }, () => randomBytes(24).toString('base64url'))
  const places = [
    { where: 'first', text: canaries.slice(0, 10).join(' ') },
    { where: 'second', text: `${canaries[5]}${canaries[6]}` },
  ]
  const where = findTracesOf(canaries, places)
  expect(where.slice(0, 5)).toEqual(Array(5).fill(['first (plain)']))
  expect(where[5]).toEqual(['first (plain)', 'second (plain)'])
  expect(where.slice(10)).toEqual(Array(490).fill([]))
})

test('refuses a canary that would turn up by chance', () => {
  expect(() => found('short', '')).toThrow('A canary needs at least 8 bytes')
})
