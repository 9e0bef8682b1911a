import { expect, test } from '@jest/globals'
import { fillPage } from './page.js'

const page = 'by hand\n<!-- bench: crypto -->\nold\n<!-- /bench -->\nby hand too\n'

test('what is measured is replaced and what is written by hand stays', () => {
  const filled = fillPage(page, { crypto: 'new\nlines' })
  expect(filled).toBe('by hand\n<!-- bench: crypto -->\nnew\nlines\n<!-- /bench -->\nby hand too\n')
  expect(fillPage(filled, { crypto: 'new\nlines' })).toBe(filled)
})

test('a place without a measurement, and the other way round, is an error', () => {
  expect(() => fillPage(page, {})).toThrow('a place for "crypto"')
  expect(() => fillPage(page, { crypto: 'new', guard: 'new' })).toThrow('no place for guard')
})
