import { describe, expect, test } from '@jest/globals'
import { added, figure, isMet, ratio } from './figure.js'

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
  test('that is not set is met', () => {
    expect(isMet({ value: 5 })).toBe(true)
  })
})
