import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { csvLine } from '../../src/audit/csv.js'

test('no text of a stranger is a formula', () => {
  for (const text of [
    '=1+1',
    '+1',
    '-1',
    '@SUM(A1)',
    '\t=1',
    '\r=1',
    '\n=1',
    '＝1',
    '＋1',
    '－1',
    '＠SUM(A1)',
    '=HYPERLINK("http://x")',
  ]) {
    expect(csvLine([text])).toMatch(/^"?'/)
  }
})

test('a number stays one, and null is empty', () => {
  expect(csvLine([-1, null, true, 'a,b', 'say "x"'])).toBe('-1,,true,"a,b","say ""x"""\r\n')
})

test('every text comes back, but for the apostrophe', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' }), { minLength: 1 }), (texts) => {
      expect(parse(csvLine(texts))).toEqual(
        texts.map((text) => (/^[=+\-@\t\r\n＝＋－＠]/.test(text) ? `'${text}` : text)),
      )
    }),
  )
})

/** Of one line, as RFC 4180 has it. */
function parse(line: string): string[] {
  const fields: string[] = []
  let rest = line
  while (rest !== '') {
    const [whole, quoted, plain = ''] = /^(?:"((?:[^"]|"")*)"|([^",\r\n]*))(?:,|\r\n$)/.exec(rest)!
    fields.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'))
    rest = rest.slice(whole.length)
  }
  return fields
}
