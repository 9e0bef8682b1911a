import { describe, expect, test } from '@jest/globals'
import { formsOf, holds } from '../../../src/cli/demo/canary.js'
import { alignColumns } from '../../../src/cli/demo/columns.js'
import { recordLines } from '../../../src/cli/demo/record.js'
import { counted, duration, shorten, wrap } from '../../../src/cli/demo/text.js'

describe('the text of the demo', () => {
  test('a long value is cut in the middle, to the width', () => {
    expect(shorten('abcdefghij', 10)).toBe('abcdefghij')
    expect(shorten('abcdefghijk', 8)).toBe('abcde…jk')
    expect(shorten('abcdefghijk', 8)).toHaveLength(8)
  })

  test('lines break between items and never exceed the width', () => {
    expect(wrap(['one', 'two', 'three'], 8)).toEqual(['one two', 'three'])
    expect(wrap(['a b', 'c d', 'e f'], 9, ' · ')).toEqual(['a b ·', 'c d · e f'])
  })

  test('numbers count what they count', () => {
    expect([counted(1, 'row'), counted(1_000, 'row')]).toEqual(['1 row', '1,000 rows'])
    expect([duration(0.5), duration(42), duration(1_250)]).toEqual(['0.50 ms', '42 ms', '1.3 s'])
  })

  test('columns are aligned, numbers on the right', () => {
    const rows = alignColumns([
      ['name', 'time'],
      ['a', '10 ms'],
      ['longer', '–'],
    ])
    expect(rows.map((cells) => cells.join('|'))).toEqual(['name  | time', 'a     |10 ms', 'longer|    –'])
  })

  test('a record is printed as psql prints it, within the width', () => {
    const lines = recordLines(
      { id: 'a', secret: 'x'.repeat(100), empty: null, metadata: { a: 'b'.repeat(30), c: 'd'.repeat(30) } },
      60,
    )
    expect(lines.map((line) => line.length).filter((length) => length > 60)).toEqual([])
    expect(lines).toContain('id           | a')
    expect(lines).toContain('empty        | ')
    expect(lines.find((line) => line.startsWith('secret'))).toMatch(/^secret {7}\| x+…x+ {2}\(100 characters\)$/)
  })
})

describe('the search', () => {
  const text = 'canary-0123456789abcdef'
  const bytes = Buffer.from(`..${text}...`)
  const forms: [string, string][] = [
    ['as it is', `x${text}x`],
    ['in hexadecimal', Buffer.from(text).toString('hex')],
    ['in base64', Buffer.from(text).toString('base64')],
    ['in base64 within other bytes', bytes.toString('base64')],
    ['in base64url after one byte', bytes.subarray(1).toString('base64url')],
  ]
  for (const [name, place] of forms) test(`finds a text ${name}`, () => expect(holds(place, text)).toBe(true))

  test('finds a text that JSON escapes', () => expect(holds(JSON.stringify('a "b"\n'), 'a "b"\n')).toBe(true))
  test('does not find what is not there', () => expect(holds('canary-0123456789abcde', text)).toBe(false))
  test('has no form that would turn up by chance', () => {
    expect(formsOf(text).filter((form) => form.length < 20)).toEqual([])
  })
})
