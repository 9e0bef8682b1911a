import { describe, expect, test } from '@jest/globals'
import { instanceofProblems } from './brands.js'
import { sources } from './files.js'

test('no class of ours is told by instanceof', () => {
  expect(sources().flatMap(instanceofProblems)).toEqual([])
})

const problemsOf = (text: string) => instanceofProblems({ path: 'src/x.ts', text })

describe('the rule refuses', () => {
  const cases: [string, string][] = [
    ['an imported class', `import { DataKey } from './kms/data-key.js'\nif (a instanceof DataKey) {}`],
    ['a class of the same file', `export class DataKey {}\nconst is = (a) => a instanceof DataKey`],
    [
      'a class that is exported at the end',
      `class DataKey {}\nconst is = (a) => a instanceof DataKey\nexport { DataKey }`,
    ],
    ['a class by a namespace', `import * as kms from './kms/index.js'\na instanceof kms.DataKey`],
    ['the class under another name', `import { DataKey as K } from './kms/data-key.js'\na instanceof K`],
  ]
  for (const [what, text] of cases) {
    test(what, () => expect(problemsOf(text)).toEqual([expect.stringContaining('src/x.ts tests instanceof')]))
  }
})

test('classes of the language and of packages, and private ones, may be told by it', () => {
  expect(
    problemsOf(
      `class Timeout {}\na instanceof Timeout\nimport { Brackets } from 'typeorm'\na instanceof Error; b instanceof Brackets`,
    ),
  ).toEqual([])
})
