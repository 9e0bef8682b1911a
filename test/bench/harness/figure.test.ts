import { describe, expect, test } from '@jest/globals'
import { added, figure, isMet, overhead, ratio } from './figure.js'

const text = { id: 'encrypt', title: 'encrypt', goal: { atMost: 1.3 } }

test('a ratio is the median of the ratios of the rounds', () => {
  expect(ratio(text, [2, 30, 4], [1, 10, 1])).toEqual({
    ...{ ...text, unit: '×', value: 3, low: 2.5, high: 3.5 },
    took: { over: 4, base: 1 },
  })
})

test('what is added is counted for each item', () => {
  expect(added(text, [3_000, 5_000], [1_000, 1_000], 1_000)).toMatchObject({ unit: 'µs', value: 3 })
})

test('what is added to one operation stands beside what both took', () => {
  const took = { over: 410, base: 350 }
  expect(overhead(text, [430, 400, 410], [400, 340, 350])).toMatchObject({ unit: 'µs', value: 60, took })
})

test('results have four digits', () => {
  expect(figure(text, 'ms', [1.234_56])).toMatchObject({ value: 1.235, low: 1.235, high: 1.235 })
})

describe('a goal', () => {
  test('of at most is met at the bound', () => {
    expect(isMet({ value: 1.3, goal: { atMost: 1.3 } })).toBe(true)
    expect(isMet({ value: 1.31, goal: { atMost: 1.3 } })).toBe(false)
  })
  test('of at least is met at the bound', () => {
    expect(isMet({ value: 40, goal: { atLeast: 40 } })).toBe(true)
    expect(isMet({ value: 39.9, goal: { atLeast: 40 } })).toBe(false)
  })
  test('of a share is met where that is more than the bound', () => {
    const goal = { atMost: 50, orShare: 0.05 }
    expect(isMet({ value: 60, goal, took: { over: 1_260, base: 1_200 } })).toBe(true)
    expect(isMet({ value: 61, goal, took: { over: 1_261, base: 1_200 } })).toBe(false)
    expect(isMet({ value: 50, goal, took: { over: 150, base: 100 } })).toBe(true)
  })
  test('that is not set is met', () => {
    expect(isMet({ value: 5 })).toBe(true)
  })
})
