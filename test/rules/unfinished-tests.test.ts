import { describe, expect, test } from '@jest/globals'
import { filesBelow, readFiles } from './files.js'
import { unfinishedTests } from './unfinished-tests.js'

test('every test runs', () => {
  const tests = readFiles(filesBelow('test', 'src/testing').filter((path) => path.endsWith('.ts')))
  expect(tests.length).toBeGreaterThan(10)
  expect(tests.flatMap(unfinishedTests)).toEqual([])
})

const problemsOf = (text: string) => unfinishedTests({ path: 'test/x.test.ts', text })

describe('the rule refuses', () => {
  const calls = [
    `test.skip('a', () => {})`,
    `it.only('a', () => {})`,
    `describe.only('a', () => {})`,
    `test.todo('a')`,
    `test.failing('a', () => {})`,
    `test.only.each([1])('a', () => {})`,
    `test.concurrent.skip('a', () => {})`,
    `test['skip']('a', () => {})`,
    `xit('a', () => {})`,
    `fdescribe('a', () => {})`,
    `const maybe = available ? test : test.skip`,
  ]
  for (const text of calls) {
    test(text, () => expect(problemsOf(text)).toEqual([expect.stringContaining('test/x.test.ts has')]))
  }
})

test('words alike are allowed', () => {
  expect(problemsOf(`test.each([1])('skip', () => page.skip(1)); queryBuilder.skip(10); test('a', () => {})`)).toEqual(
    [],
  )
})
