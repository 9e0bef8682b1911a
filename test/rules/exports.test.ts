import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { type Exports, entryOf, entryProblems, exportProblems, mentionProblems } from './exports.js'
import { packageRoot, pages, readFiles, sources } from './files.js'

const [manifest] = readFiles(['package.json'])
const exports = JSON.parse(manifest!.text).exports as Exports
const entries = Object.keys(exports)
  .filter((subpath) => subpath !== './package.json')
  .map((subpath) => `${entryOf(subpath)}.ts`)

test('every subpath is a folder, in both builds', () => {
  expect(exportProblems(exports, (path) => existsSync(join(packageRoot, path)))).toEqual([])
})

test('every entry only passes on what other files export', () => {
  expect(readFiles(entries).flatMap(entryProblems)).toEqual([])
})

test('every subpath that code or docs mention can be imported', () => {
  expect([...sources(), ...pages()].flatMap((file) => mentionProblems(file, exports))).toEqual([])
})

describe('the rule refuses', () => {
  const conditions = (kind: string, entry: string) => ({
    types: `./dist/${kind}/${entry}.d.ts`,
    default: `./dist/${kind}/${entry}.js`,
  })
  const kms = { import: conditions('esm', 'src/kms/index'), require: conditions('cjs', 'src/kms/index') }
  const cases: [string, Exports][] = [
    ['a wildcard', { './providers/*': './dist/esm/providers/*/index.js' }],
    ['a subpath without a folder', { './keys': kms }],
    ['one build only', { './kms': { import: kms.import } }],
    ['types after the code', { './kms': { ...kms, import: { default: kms.import.default, types: kms.import.types } } }],
    ['types of the other build', { './kms': { ...kms, require: { ...kms.require, types: kms.import.types } } }],
  ]
  for (const [what, planted] of cases) {
    test(what, () => {
      expect(exportProblems({ './kms': kms }, (path) => path === 'src/kms/index.ts')).toEqual([])
      expect(exportProblems(planted, (path) => path === 'src/kms/index.ts')).toEqual([
        expect.stringContaining('package.json:'),
      ])
    })
  }

  for (const text of [`export const a = 1`, `import './a.js'`, `const a = 1\nexport { a }`, `console.log(1)`]) {
    test(`an entry with ${text}`, () => expect(entryProblems({ path: 'src/index.ts', text })).not.toEqual([]))
  }

  for (const text of [
    `import { a } from 'waxseal/keys'`,
    'exported from `waxseal/providers`',
    `require("waxseal/kms/index.js")`,
  ]) {
    const problem = [expect.stringContaining('docs/x.md names waxseal/')]
    test(text, () => expect(mentionProblems({ path: 'docs/x.md', text }, { './kms': kms })).toEqual(problem))
  }
})

test('subpaths that exist may be mentioned', () => {
  const text = `import { a } from 'waxseal/kms'\nimport { b } from 'waxseal'\nnode_modules/waxseal/dist`
  expect(mentionProblems({ path: 'docs/x.md', text }, { './kms': {} })).toEqual([])
})
