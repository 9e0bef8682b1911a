import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'

/** `file` "title", as docs/threat-model.md names a test. */
const CITATION = /`(test\/[\w/.-]+\.test\.ts)` "([^"]+)"/g

interface Citation {
  readonly file: string
  readonly title: string
}

function citationsIn(page: string): Citation[] {
  return [...page.matchAll(CITATION)].map(([, file, title]) => ({ file: file as string, title: title as string }))
}

/** Titles stand in quotes of any kind, where quotes of that kind are escaped, or at the end of a template. */
function isTestOf(source: string, title: string): boolean {
  return source.includes(title) || source.includes(title.replaceAll("'", "\\'"))
}

function problems(citations: readonly Citation[]): string[] {
  return citations.flatMap(({ file, title }) => {
    if (!existsSync(file)) return [`docs/threat-model.md names ${file}, which does not exist`]
    if (isTestOf(readFileSync(file, 'utf8'), title)) return []
    return [`docs/threat-model.md names "${title}", which is no test of ${file}: mend the page or bring the test back`]
  })
}

test('every test that the threat model names exists', () => {
  const citations = citationsIn(readFileSync('docs/threat-model.md', 'utf8'))
  expect(citations.length).toBeGreaterThan(20)
  expect(problems(citations)).toEqual([])
})

test('a claim without its test is found', () => {
  // In parts: whole, it would stand in this file.
  const title = ['a title', 'that nothing has'].join(' ')
  expect(problems(citationsIn(`\`test/rules/threat-model.test.ts\` "${title}"`))).toHaveLength(1)
  expect(problems(citationsIn('`test/rules/missing.test.ts` "anything"'))).toHaveLength(1)
})
