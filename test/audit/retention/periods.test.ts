import { expect, test } from '@jest/globals'
import { retentionPeriods } from '../../../src/audit/retention/periods.js'

const DAY_MS = 86_400_000

test('400 days, 100 of them in the database, unless it is said', () => {
  expect(retentionPeriods()).toEqual({ hot: 100 * DAY_MS, total: 400 * DAY_MS })
  expect(retentionPeriods({ hot: '90d', total: '6y' })).toEqual({ hot: 90 * DAY_MS, total: 2190 * DAY_MS })
})

test.each([
  [{ hot: '89d' }, '"hot" of at least 90d'],
  [{ hot: '200d', total: '100d' }, '"total" of at least "hot"'],
  [{ hot: 'long' }, 'durations such as'],
])('%j is refused', (declared, message) => {
  expect(() => retentionPeriods(declared)).toThrow(
    expect.objectContaining({ code: 'ERR_CONFIGURATION', message: expect.stringContaining(message) }),
  )
})
