import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { median, perRound, quantile } from './statistics.js'

test('a quantile of few values lies between two of them', () => {
  expect(median([3])).toBe(3)
  expect(median([9, 1, 5])).toBe(5)
  expect(median([4, 1, 3, 2])).toBe(2.5)
  expect(quantile([5, 1, 2, 3, 4], 0.25)).toBe(2)
  expect(quantile([0, 10], 0.75)).toBe(7.5)
})

test('as many values are below the median as above it', () => {
  fc.assert(
    fc.property(fc.array(fc.integer(), { minLength: 1 }), (values) => {
      const middle = median(values)
      const [below, above] = [values.filter((v) => v < middle), values.filter((v) => v > middle)]
      expect(below.length).toBeLessThanOrEqual(values.length / 2)
      expect(above.length).toBeLessThanOrEqual(values.length / 2)
    }),
  )
})

test('the list stays as it is', () => {
  const values = [3, 1, 2]
  median(values)
  expect(values).toEqual([3, 1, 2])
})

test('rounds are compared with each other, not with the median of the others', () => {
  // The second round had a machine of half the speed.
  expect(perRound([2, 4, 2], [1, 2, 1], (a, b) => a / b)).toEqual([2, 2, 2])
})

test('what has no values, or another number of rounds, has no result', () => {
  expect(() => median([])).toThrow('a quantile of no values')
  expect(() => perRound([1, 2], [1], (a) => a)).toThrow('2 rounds against 1')
})
