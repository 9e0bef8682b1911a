import { describe, expect, test } from '@jest/globals'
import { sources } from './files.js'
import { nameProblems, providerNameProblems } from './names.js'

test('names say what a thing is', () => {
  expect(sources().flatMap(nameProblems)).toEqual([])
})

test('what stands above the providers names none', () => {
  expect(sources().flatMap(providerNameProblems)).toEqual([])
})

describe('the rule refuses', () => {
  const names: [string, string][] = [
    ['src/kms/utils.ts', ''],
    ['src/helpers/x.ts', ''],
    ['src/envelope/types.ts', ''],
    ['src/kms/dataKey.ts', ''],
    ['src/kms/x.ts', 'export class KeyManager {}'],
    ['src/kms/x.ts', 'interface BaseProvider {}'],
    ['src/kms/x.ts', 'type CipherImpl = 1'],
  ]
  for (const [path, text] of names) {
    test(`${path} ${text}`, () => expect(nameProblems({ path, text })).toEqual([expect.stringContaining(path)]))
  }
  const providers = [
    `if (name === 'aws') {}`,
    'class VaultKek {}',
    'const azureKeys = 1',
    '`in vault, ` + name',
    `name === 'local'`,
  ]
  for (const text of providers) {
    const problem = [expect.stringContaining('src/envelope/x.ts names a provider')]
    test(text, () => expect(providerNameProblems({ path: 'src/envelope/x.ts', text })).toEqual(problem))
  }
})

test('a comment may name a vendor, and a word alike is no provider', () => {
  const text = '// AWS has no such operation\nconst localTime = defaultValue'
  expect(providerNameProblems({ path: 'src/kms/x.ts', text })).toEqual([])
})
