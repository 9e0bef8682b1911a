import { describe, expect, test } from '@jest/globals'
import { pages, sources } from './files.js'
import { vocabularyProblems } from './vocabulary.js'

test('one word for one concept', () => {
  expect([...sources(), ...pages()].flatMap(vocabularyProblems)).toEqual([])
})

describe('the rule refuses', () => {
  const cases: [string, string][] = [
    ['src/kms/x.ts', 'const masterKey = 1'],
    ['src/kms/x.ts', 'const MASTER_KEYS = 1'],
    ['docs/x.md', 'A *master\nkey* of your own'],
    ['src/kms/x.ts', '/** The master\n * key. */'],
    ['src/kms/x.ts', 'const wrappedDEK = 1'],
    ['README.md', 'one CEK for each row'],
    ['README.md', 'credentials are sealed'],
    ['src/typeorm/x.ts', 'class UnsealedValue {}'],
    ['src/postgres/x.ts', 'const clearText = 1'],
    ['docs/x.md', 'no cleartext'],
    ['src/envelope/x.ts', 'const keyBlob = 1'],
    ['docs/x.md', 'the primary KEK'],
    ['src/config/x.ts', 'const defaultKek = 1'],
    ['docs/x.md', 'rotation re-encrypts them'],
    ['src/rotation/x.ts', 'function reEncrypt() {}'],
    ['docs/x.md', 'a KMS backend'],
    ['src/cli/x.ts', 'const kmsAdapter = 1'],
    ['providers/aws/x.ts', 'class Driver {}'],
  ]
  for (const [path, text] of cases) {
    test(`${text} in ${path}`, () => {
      expect(vocabularyProblems({ path, text })).toEqual([expect.stringContaining(`${path} says`)])
    })
  }
})

describe('the rule allows', () => {
  const cases: [string, string][] = [
    ['src/typeorm/x.ts', 'dataSource.driver.escape(name)'],
    ['src/envelope/x.ts', `const name = 'waxseal'; const waxsealKeks = 1; throw new WaxsealError()`],
    ['docs/x.md', 'the primary key of the row; decrypt and encrypt again'],
    ['providers/aws/client.ts', 'readonly CiphertextBlob?: Uint8Array'],
    ['providers/local/README.md', 'a local master key'],
    ['docs/glossary.md', 'Not: DEK, cleartext, KMS backend'],
  ]
  for (const [path, text] of cases)
    test(`${text} in ${path}`, () => expect(vocabularyProblems({ path, text })).toEqual([]))
})
