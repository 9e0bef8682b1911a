import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { type Citation, citationProblems, citationsIn } from './citations.js'

const problems = (citations: readonly Citation[]) => citationProblems('docs/threat-model.md', citations)

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

/** The names and beginnings of names in the last column of the claims. */
function mutantsIn(page: string): string[] {
  const cells = page.split('\n').flatMap((line) => (line.startsWith('| ') ? [line.split(' | ').at(-1) ?? ''] : []))
  return cells.flatMap((cell) => [...cell.matchAll(/`([a-z0-9*-]+)`/g)].map(([, name]) => name as string))
}

function mutantProblems(named: readonly string[], mutants: readonly string[]): string[] {
  const matching = (name: string) => new RegExp(`^${name.replaceAll('*', '.*')}$`)
  return [
    ...named
      .filter((name) => !mutants.some((mutant) => matching(name).test(mutant)))
      .map((name) => `docs/threat-model.md names the mutant ${name}, and test/mutants has none of that name`),
    ...mutants
      .filter((mutant) => !named.some((name) => matching(name).test(mutant)))
      .map(
        (mutant) =>
          `test/mutants/${mutant}.patch: name it in docs/threat-model.md, in the row of the claim that rests on it`,
      ),
  ]
}

test('every mutant that the threat model names exists, and every mutant is named', () => {
  const files = readdirSync('test/mutants').filter((file) => file.endsWith('.patch'))
  expect(files.length).toBeGreaterThan(100)
  const named = mutantsIn(readFileSync('docs/threat-model.md', 'utf8'))
  expect(
    mutantProblems(
      named,
      files.map((file) => file.slice(0, -'.patch'.length)),
    ),
  ).toEqual([])
})

test('a mutant without a claim and a claim with a mutant that is gone are found', () => {
  const named = mutantsIn('| claim | how | test | `a-*`, `gone` |')
  expect(named).toEqual(['a-*', 'gone'])
  expect(mutantProblems(named, ['a-check', 'other'])).toHaveLength(2)
})
