import { describe, expect, test } from '@jest/globals'
import { sources } from './files.js'
import { seamProblems } from './seams.js'

test('no interface has an optional method', () => {
  expect(sources().flatMap(seamProblems)).toEqual([])
})

const problemsOf = (text: string) => seamProblems({ path: 'src/kms/x.ts', text })

describe('the rule refuses', () => {
  const members = ['close?(): Promise<void>', 'close?: () => void', 'readonly close?: (() => void) | undefined']
  for (const member of members) {
    const problem = [expect.stringContaining('KmsProvider.close is an optional method')]
    test(member, () => expect(problemsOf(`export interface KmsProvider { ${member} }`)).toEqual(problem))
  }
})

test('optional values, and callbacks among options, are allowed', () => {
  const text = `interface KekRef { readonly version?: string }\ninterface CallOptions { readonly onReply?: () => void }`
  expect(problemsOf(text)).toEqual([])
})
