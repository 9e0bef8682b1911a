import { describe, expect, test } from '@jest/globals'

type ContentProblems = (paths: readonly string[], manifest: { bin: object; exports: object }) => string[]
// By a computed path: it is a script of the project, which has no declarations. `npm run check` calls it with what npm packs.
const { contentProblems } = (await import(['../..', 'scripts/package-contents.js'].join('/'))) as {
  contentProblems: ContentProblems
}

const manifest = {
  bin: { waxseal: './dist/esm/src/cli/main.js' },
  exports: { './kms': { import: './dist/esm/src/kms/index.js' }, './package.json': './package.json' },
}
const built = (name: string) => [`dist/esm/${name}`, `dist/cjs/${name}`]
const complete = [
  ...['package.json', 'README.md', 'CHANGELOG.md', 'LICENSE', '.env.example', 'docs/format.md', 'docs/adr/0001.md'],
  ...['dist/cjs/package.json', 'dist/esm/src/cli/main.js', 'dist/esm/src/cli/main.d.ts'],
  ...['src/kms/index.js', 'providers/local/index.d.ts'].flatMap(built),
  'dist/esm/chunks/common.js',
]

test('both builds and what a reader needs make a package', () => {
  expect(contentProblems(complete, manifest)).toEqual([])
})

describe('the rule refuses', () => {
  const strangers = [
    'test/x.test.ts',
    'src/index.ts',
    'dist/esm/src/index.js.map',
    'docs/results.json',
    'dist/cjs/src/cli/main.js',
    '.env',
    'dist/esm/test/x.js',
    'dist/esm/chunks/common.d.ts',
  ]
  for (const path of strangers) {
    const problem = [expect.stringContaining(`${path} does not belong`)]
    test(path, () => expect(contentProblems([...complete, path], manifest)).toEqual(problem))
  }
  for (const path of ['LICENSE', 'dist/cjs/src/kms/index.js']) {
    test(`a package without ${path}`, () => {
      expect(
        contentProblems(
          complete.filter((each) => each !== path),
          manifest,
        ),
      ).toHaveLength(1)
    })
  }
  test('a package without what it exports', () => {
    const paths = complete.filter((path) => !path.includes('/kms/'))
    expect(contentProblems(paths, manifest)).toEqual(['dist/esm/src/kms/index.js is missing in the package'])
  })
})
