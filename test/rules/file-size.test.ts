import { expect, test } from '@jest/globals'
import { fileSizeProblems } from './file-size.js'
import { sources } from './files.js'

test('files are small', () => {
  expect(fileSizeProblems(sources())).toEqual([])
})

const file = (path: string, lines: number) => ({ path, text: 'x\n'.repeat(lines) })

test('300 lines are allowed and 301 are not', () => {
  const files = [file('src/a.ts', 1), file('src/b.ts', 1), file('src/c.ts', 1), file('src/d.ts', 300)]
  expect(fileSizeProblems(files)).toEqual([])
  expect(fileSizeProblems([...files, file('src/e.ts', 301)])).toEqual([
    expect.stringContaining('src/e.ts has 301 lines'),
  ])
})

test('a median of 90 lines is allowed and one of 91 is not', () => {
  expect(fileSizeProblems([file('src/a.ts', 1), file('src/b.ts', 90), file('src/c.ts', 299)])).toEqual([])
  expect(fileSizeProblems([file('src/a.ts', 1), file('src/b.ts', 91), file('src/c.ts', 299)])).toHaveLength(1)
})
