import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { citationProblems, citationsIn } from './citations.js'

const PAGE = 'docs/audit-tests.md'
const CASES = 59

function caseProblems(page: string): string[] {
  const rows = [...page.matchAll(/^\| (\d+) \| (?:.*) \| (.+) \|$/gm)].map(([, number, cell]) => ({
    number: Number(number),
    cell: cell as string,
  }))
  const missing = Array.from({ length: CASES }, (_, index) => index + 1).filter(
    (number) => rows.filter((row) => row.number === number).length !== 1,
  )
  return [
    ...missing.map((number) => `${PAGE}: expected one row of case ${number}`),
    ...rows
      .filter(({ cell }) => citationsIn(cell).length === 0 && !/^(no test: .{20})/.test(cell))
      .map(({ number }) => `${PAGE}: case ${number} names neither a test nor a reason after "no test:"`),
    ...citationProblems(PAGE, citationsIn(page)),
  ]
}

test('every case of the audit names tests that exist, or the reason why it has none', () => {
  expect(caseProblems(readFileSync(PAGE, 'utf8'))).toEqual([])
})

test('a case that is gone, one that is there twice, and one without test or reason are found', () => {
  const page = readFileSync(PAGE, 'utf8')
  const row = /^\| 7 \|.*\n/m.exec(page)?.[0] as string
  expect(caseProblems(page.replace(row, ''))).toHaveLength(1)
  expect(caseProblems(page.replace(row, row + row))).toHaveLength(1)
  expect(caseProblems(page.replace(row, '| 7 | x | soon |\n'))).toHaveLength(1)
})
