import { describe, expect, test } from '@jest/globals'
import type { WaxsealError } from '../../src/errors.js'
import * as errors from '../../src/errors.js'
import { guardRefusal } from '../../src/typeorm/guard-refusals.js'
import { codeProblems } from './documented-codes.js'
import { readFiles } from './files.js'

const [source, guard, page] = readFiles(['src/errors.ts', 'src/postgres/guard-rules.ts', 'docs/error-codes.md']).map(
  ({ text }) => text,
) as [string, string, string]
const kindOf = ({ name, retryable }: WaxsealError) => `${name}, ${retryable ? 'retryable' : 'not retryable'}`

/** Of the classes as they are, one error each. */
const raised = Object.values(errors)
  .filter((value) => typeof value === 'function' && value.prototype instanceof errors.WaxsealError)
  .map((value) => new (value as new (message: string, options: object) => WaxsealError)('example', {}))
const errorCodes = new Map(raised.map((error) => [error.code, kindOf(error)]))
const guardCodes = new Map(
  [...new Set(guard.match(/\bWX\d{3}\b/g))].map((code) => [code, kindOf(guardRefusal({ code })!)]),
)

test('every code has one class', () => {
  const union = /type ErrorCode =(.*?)\n\n/s.exec(source)![1]!.match(/ERR_\w+/g)
  expect(raised.map(({ code }) => code).sort()).toEqual([...union!].sort())
})

test('docs/error-codes.md explains every code as it is', () => {
  expect(guardCodes.size).toBe(6)
  expect(codeProblems('docs/error-codes.md', page, new Map([...errorCodes, ...guardCodes]))).toEqual([])
})

describe('the rule refuses', () => {
  const expected = new Map([['ERR_A', 'AError, retryable']])
  const cases: [string, string][] = [
    ['a code without a section', '# Codes\n'],
    ['another class', '### ERR_A\n\n`BError`, retryable.\n\n**Do:** wait.\n'],
    ['another retryable', '### ERR_A\n\n`AError`, not retryable.\n\n**Do:** wait.\n'],
    ['a section without a remedy', '### ERR_A\n\n`AError`, retryable.\n\nIt failed.\n'],
    [
      'a section of no code',
      '### ERR_A\n\n`AError`, retryable.\n\n**Do:** wait.\n\n### ERR_B\n\n`BError`, retryable.\n\n**Do:** wait.\n',
    ],
  ]
  for (const [what, text] of cases) test(what, () => expect(codeProblems('docs/x.md', text, expected)).toHaveLength(1))
})
