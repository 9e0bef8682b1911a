import { expect, test } from '@jest/globals'
import { parsePeriod } from '../../../src/audit/index.js'

const NOW = new Date('2026-10-05T12:00:00Z')

test.each([
  ['2026', '2026-01-01T00:00:00.000Z', '2027-01-01T00:00:00.000Z'],
  ['2026-Q4', '2026-10-01T00:00:00.000Z', '2027-01-01T00:00:00.000Z'],
  ['2026-02', '2026-02-01T00:00:00.000Z', '2026-03-01T00:00:00.000Z'],
  ['2028-02-29', '2028-02-29T00:00:00.000Z', '2028-03-01T00:00:00.000Z'],
  ['2026-07-01..2026-09-30', '2026-07-01T00:00:00.000Z', '2026-10-01T00:00:00.000Z'],
  ['90d', '2026-07-07T12:00:00.000Z', '2026-10-05T12:00:00.000Z'],
])('%s', (text, from, to) => {
  const period = parsePeriod(text, NOW)
  expect([period.from.toISOString(), period.to.toISOString()]).toEqual([from, to])
})

test.each([
  '',
  '2026-Q5',
  '2026-00',
  '2026-02-29',
  '2026-09-30..2026-07-01',
  '2026-07-01..',
  '0d',
  'quarter',
  '２０２６',
])('%j is refused', (text) => expect(() => parsePeriod(text, NOW)).toThrow('the period: expected'))
