import { expect, test } from '@jest/globals'
import { lowest, regressions } from './regressions.js'

test('a quarter more is allowed and no more than that', () => {
  expect(regressions({ encrypt: 2 }, { encrypt: 2.5 })).toEqual([])
  expect(regressions({ encrypt: 2, parse: 1 }, { encrypt: 2.51, parse: 1 })).toEqual([
    { id: 'encrypt', recorded: 2, found: 2.51 },
  ])
})

test('less than recorded is no regression', () => {
  expect(regressions({ encrypt: 2 }, { encrypt: 0.1 })).toEqual([])
})

test('a case that only one side knows is an error', () => {
  expect(() => regressions({ encrypt: 2 }, {})).toThrow('encrypt')
  expect(() => regressions({}, { parse: 2 })).toThrow('parse')
})

test('of several processes the lowest counts, case by case', () => {
  expect(
    lowest([
      { a: 2, b: 1 },
      { a: 1, b: 3 },
    ]),
  ).toEqual({ a: 1, b: 1 })
})
