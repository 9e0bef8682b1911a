import { expect, test } from '@jest/globals'
import * as fc from 'fast-check'
import { parseUtcTime } from '../../../src/kms/utc-time.js'

const date = fc.date({
  min: new Date('1970-01-01T00:00:00Z'),
  max: new Date('2199-12-31T23:59:59Z'),
  noInvalidDate: true,
})
const nanos = fc.integer({ min: 0, max: 999_999_999 }).map((each) => String(each).padStart(9, '0'))

test('a time has one spelling, to the nanosecond, with whatever digits and offset it was written', () => {
  fc.assert(
    fc.property(date, nanos, (at, fraction) => {
      const seconds = at.toISOString().slice(0, 19)
      const whole = { date: new Date(`${seconds}.${fraction.slice(0, 3)}Z`), text: `${seconds}.${fraction}Z` }
      const digits = fraction.replace(/0+$/, '')
      const short = digits === '' ? '' : `.${digits}`
      for (const written of [
        `${seconds}.${fraction}Z`,
        `${seconds}${short}Z`,
        `${seconds.replace('T', ' ')}${short}`,
        ...(at.getTime() < 1e12 ? [] : [`${at.getTime().toString().slice(0, 10)}.${fraction}`]),
      ]) {
        expect(parseUtcTime(written)).toEqual(whole)
      }
    }),
  )
  for (const number of ['1772360430.5', '1772360430500', '1772360430500000', '1772360430500000000', '1.7723604305E9']) {
    expect(parseUtcTime(number)?.text).toBe('2026-03-01T10:20:30.500000000Z')
  }
  expect(parseUtcTime('2026-01-01T01:00:00.5+02:00')?.text).toBe('2025-12-31T23:00:00.500000000Z')
})

test.each([
  '',
  'now',
  '2026-13-01T00:00:00Z',
  '2026-01-01',
  '2026-01-01T25:00:00Z',
  '0000-01-01T00:00:00+23:59',
  '17',
  '177236043050',
])('what is no time is none: "%s"', (text) => {
  expect(parseUtcTime(text)).toBeUndefined()
})
