import { expect, test } from '@jest/globals'
import { pages, sources } from './files.js'

/** What Git leaves where two changes meet. In a page nothing else would stumble over it. */
const LEFT_OVER = /^(<{7}|>{7}) /m

test('no conflict of a merge is left', () => {
  expect([...sources(), ...pages()].filter(({ text }) => LEFT_OVER.test(text)).map(({ path }) => path)).toEqual([])
})

test('the rule finds one', () => {
  expect(`a line\n${'<'.repeat(7)} HEAD\n`).toMatch(LEFT_OVER)
})
