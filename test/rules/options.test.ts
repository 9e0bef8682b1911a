import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { packageRoot, readFiles, sources } from './files.js'
import { OPTION_EFFECTS } from './option-effects.js'
import {
  type Effects,
  type Option,
  optionProblems,
  optionsOfCommands,
  optionsOfEnvironment,
  optionsOfSections,
  optionsOfTypes,
} from './options.js'

const ENTRY = /^(src|src\/\w+|providers\/[\w-]+)\/index\.ts$/
const files = sources()
const texts = new Map<string, string | undefined>()

function read(path: string): string | undefined {
  if (!texts.has(path)) texts.set(path, existsSync(join(packageRoot, path)) ? readFiles([path])[0]?.text : undefined)
  return texts.get(path)
}

test('every option is documented, and named by a test of its effect', () => {
  const options = [
    ...optionsOfTypes(
      files.filter(({ path }) => ENTRY.test(path)),
      files,
    ),
    ...optionsOfCommands(files.filter(({ path }) => path.startsWith('src/cli/'))),
    ...optionsOfSections(files),
    ...optionsOfEnvironment(files.find(({ path }) => path === 'src/config/environment.ts')!),
  ]
  expect(options.length).toBeGreaterThan(100)
  expect(optionProblems(options, OPTION_EFFECTS, read)).toEqual([])
})

describe('an option is', () => {
  const entry = { path: 'src/kms/index.ts', text: `export { type XOptions } from './x.js'` }
  const namesOf = (options: readonly Option[]) => options.map(({ of, name, says }) => [of, name, says])

  test('a member of an option type that an entry exports, with its docstring', () => {
    const text = `export interface XOptions {\n  /** How long.\n   * Default 1. */\n  readonly a?: number\n  readonly b: string\n}\nexport interface YOptions {\n  readonly c?: string\n}\n`
    expect(namesOf(optionsOfTypes([entry], [{ path: 'src/kms/x.ts', text }]))).toEqual([
      ['XOptions', 'a', 'How long. Default 1.'],
      ['XOptions', 'b', ''],
    ])
  })

  test('a flag of a command', () => {
    const text = `command.requiredOption('-f, --file <file>', 'says').option('--no-rows').addOption(new Option('--kind <k>'))`
    expect(
      namesOf(optionsOfCommands([{ path: 'src/cli/x.ts', text }]))
        .map(([of, name]) => [of, name])
        .sort(),
    ).toEqual([
      ['waxseal x', '--file'],
      ['waxseal x', '--kind'],
      ['waxseal x', '--no-rows'],
    ])
  })

  test('a variable that is read from the environment', () => {
    const text = `const a = environment.WAXSEAL_A, b = { c: 'WAXSEAL_B' }; const { WAXSEAL_C: c, DATABASE_URL: d = '' } = environment // WAXSEAL_D`
    const options = optionsOfEnvironment({ path: 'src/config/environment.ts', text })
    expect(options.map(({ name }) => name).sort()).toEqual(['DATABASE_URL', 'WAXSEAL_A', 'WAXSEAL_B', 'WAXSEAL_C'])
  })

  test('a member of the section of a provider', () => {
    const text = `const OPTIONS = ['region', 'key'] as const\nconst OTHERS = ['x']`
    expect(optionsOfSections([{ path: 'providers/aws/connect.ts', text }]).map(({ name }) => name)).toEqual([
      'region',
      'key',
    ])
  })
})

describe('the rule refuses', () => {
  const option = { path: 'src/kms/x.ts', of: 'XOptions', name: 'aMs', says: 'How long.' }
  const flag = { path: 'src/cli/x.ts', of: 'waxseal x', name: '--all', says: 'all of them' }
  const effects: Effects = {
    XOptions: { aMs: ['test/x.test.ts', 'it waits'] },
    'waxseal x': { '--all': ['test/x.test.ts', 'all'] },
  }
  const pages: Readonly<Record<string, string>> = {
    'test/x.test.ts': `test('it waits', () => {})\ntest('all', () => {})`,
    'docs/options.md': '| `aMs` | How long. |',
    'docs/cli.md': '`--all`: all of them',
  }
  const problems = (options: readonly Option[], table = effects, replaced: Record<string, string | undefined> = {}) =>
    optionProblems(options, table, (path) => ({ ...pages, ...replaced })[path])

  test('nothing of this', () => expect(problems([option, flag])).toEqual([]))

  const cases: Record<string, [found: () => string[], message: string]> = {
    'an option without a test': [() => problems([option, flag], { ...effects, XOptions: {} }), 'has no test'],
    'an option whose test is gone': [
      () => problems([option, flag], effects, { 'test/x.test.ts': `test('all')` }),
      'no test there',
    ],
    'an option whose test file is gone': [
      () => problems([option], { XOptions: effects.XOptions! }, { 'test/x.test.ts': undefined }),
      'no test there',
    ],
    'an option without a docstring': [() => problems([{ ...option, says: '' }, flag]), 'has no docstring'],
    'an option that its page lacks': [
      () => problems([option, flag], effects, { 'docs/options.md': '`aMsx`' }),
      'scripts/docs.js',
    ],
    'a flag that no page names': [
      () => problems([option, flag], effects, { 'docs/cli.md': '`--all-of-it`' }),
      'add it there',
    ],
    'an option that is gone': [() => problems([flag]), 'no longer exists'],
  }
  for (const [what, [found, message]] of Object.entries(cases)) {
    test(what, () => expect(found()).toEqual([expect.stringContaining(message)]))
  }
})
