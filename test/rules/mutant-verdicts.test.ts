import { describe, expect, test } from '@jest/globals'

interface Patch {
  readonly name: string
  readonly check: string
  readonly test: { readonly file: string; readonly title: string; readonly project: string }
  readonly changed: readonly string[]
}

// By computed paths: they are scripts of the project, which have no declarations.
const { problemOf } = (await import(['../..', 'scripts/mutants/verdict.js'].join('/'))) as {
  problemOf(test: object, result: unknown): string | undefined
}
const { parsePatch } = (await import(['../..', 'scripts/mutants/patches.js'].join('/'))) as {
  parsePatch(name: string, text: string): Patch
}

const found = { file: 'a.test.ts', title: 'it "holds"' }

describe('a mutant is found when its test', () => {
  const result = (status: string, byAssertion?: boolean) => {
    return {
      testResults: [{ fullName: found.title, status, failureDetails: [{ byAssertion }], failureMessages: ['x'] }],
    }
  }

  test('fails by an assertion', () => {
    expect(problemOf(found, result('failed', true))).toBeUndefined()
  })

  const problems: [string, unknown, RegExp][] = [
    ['passes', result('passed'), /SURVIVED/],
    ['fails by another error', result('failed', false), /by no assertion/],
    ['is pending', result('pending'), /is pending/],
    ['is not there', { testResults: [] }, /has no test "it "holds""/],
    [
      'is there twice',
      { testResults: [...result('failed', true).testResults, ...result('failed').testResults] },
      /several/,
    ],
    ['stands in a file that could not run', { testExecError: {}, failureMessage: 'a syntax error' }, /a syntax error/],
    ['stands in no file', undefined, /no such file/],
  ]

  test.each(problems)('and not when it %s', (_what, outcome, problem) => {
    expect(problemOf(found, outcome)).toMatch(problem)
  })
})

describe('a patch', () => {
  const diff = '--- a/src/x.ts\n+++ b/src/x.ts\n@@ -1 +1 @@\n-a\n+b\n'

  test('says what it takes out, and which test of which project finds it', () => {
    expect(parsePatch('p', `Check: a stranger\nTest: a.test.ts "it "holds"" [TypeORM 0.3]\n${diff}`)).toMatchObject({
      check: 'a stranger',
      test: { ...found, project: 'TypeORM 0.3' },
      changed: ['src/x.ts'],
    })
    expect(parsePatch('p', `Check: a stranger\nTest: a.test.ts "it holds"\n${diff}`).test.project).toBe('waxseal')
  })

  test.each([
    ['Test: a.test.ts "it holds"\n', diff, /"Check:/],
    ['Check: a stranger\n', diff, /'Test:/],
    ['Check: a stranger\nTest: a.test.ts "it holds"\n', '', /unified diff/],
  ])('without a part of that is an error: %j', (head, body, message) => {
    expect(() => parsePatch('p', head + body)).toThrow(message)
  })
})
