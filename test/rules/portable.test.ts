import { describe, expect, test } from '@jest/globals'
import { filesBelow, readFiles } from './files.js'
import { portabilityProblems } from './portable.js'

/** What a repository of this kind has at its top, and nothing else. */
const TOP_LEVEL = [
  ...['src', 'providers', 'migrations', 'test', 'localstack', 'docs', 'scripts', '.ci'],
  ...[
    'README.md',
    'CHANGELOG.md',
    'LICENSE',
    'package.json',
    'package-lock.json',
    '.npmrc',
    '.gitignore',
    '.env.example',
  ],
  ...['tsconfig.json', 'tsconfig.cjs.json', 'tsconfig.test.json', 'biome.json', 'jest.config.js'],
]
/** Planted violations. */
const SELF = 'test/rules/portable.test.ts'

const files = filesBelow('.').filter((path) => TOP_LEVEL.includes(path.split('/')[0]!))

test('no file knows the machine that it was written on', () => {
  expect(files).toContain('package-lock.json')
  const all = readFiles(files.filter((path) => path !== SELF))
  expect(all.flatMap(portabilityProblems)).toEqual([])
})

test('the top level holds what docs/architecture.md lists', () => {
  // An editor's folder, an .env and a configuration are nobody's affair: git does not see them.
  const names = filesBelow('.').map((path) => path.split('/')[0]!)
  const strangers = names.filter((name) => !TOP_LEVEL.includes(name) && !/^(\.|waxseal\.config\.)/.test(name))
  expect([...new Set(strangers)]).toEqual([])
})

// In parts, so that this file passes the rule as well.
describe('the rule refuses', () => {
  const lines = [
    'see /home/alice/waxseal/src',
    "readFileSync('/Users/alice/key')",
    `"file": "/${'root'}/waxseal/dist"`,
    `cd /${'work'}/main`,
    'C:\\Users\\Alice',
    `https://registry.${'npmjs'}.org/waxseal`,
    '"resolved": "https://packages.example/waxseal.tgz"',
  ]
  for (const text of lines) {
    test(text, () =>
      expect(portabilityProblems({ path: 'docs/x.md', text })).toEqual([expect.stringContaining('docs/x.md names')]),
    )
  }
})

test('paths of anybody’s are allowed', () => {
  const text = 'localstack/init /etc/waxseal/keys ./work/x ../shared src/root/x.ts'
  expect(portabilityProblems({ path: 'docs/x.md', text })).toEqual([])
})
