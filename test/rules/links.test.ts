import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { packageRoot, pages } from './files.js'
import { linkProblems } from './links.js'

test('every relative link of the docs leads somewhere', () => {
  const read = (path: string) => {
    const file = join(packageRoot, path)
    if (!existsSync(file)) return undefined
    return statSync(file).isFile() ? readFileSync(file, 'utf8') : ''
  }
  expect(pages().flatMap((page) => linkProblems(page, read))).toEqual([])
})

const problemsOf = (text: string) => {
  return linkProblems({ path: 'docs/a.md', text }, (path) => (path === 'docs/b.md' ? '# Über `x`: y\n' : undefined))
}

describe('the rule refuses', () => {
  for (const text of ['[x](c.md)', '![x](../b.md)', '[x](b.md#z)', '# y\n[x](#z)', '[x](./c.md#y "title")']) {
    test(text, () => expect(problemsOf(text)).toEqual([expect.stringContaining('docs/a.md links to')]))
  }
})

test('links to pages, headings and other sites are allowed, and code is not read', () => {
  const text =
    '# One, two\n[x](b.md) [x](b.md#über-x-y) [x](#one-two) [x](https://c.example/c.md)\n```\n[x](c.md)\n```\n'
  expect(problemsOf(text)).toEqual([])
})
