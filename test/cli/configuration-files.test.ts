import { afterEach, describe, expect, test } from '@jest/globals'
import { generateLocalKey } from '../../providers/local/index.js'
import { canary, type Project, project, type Run, waxseal } from '../setup/cli.js'

const provider = { name: 'local', keys: `1:${generateLocalKey()}`, currentKey: 1 }
const tables = [
  { entity: 'credential', table: 'credential', primaryKey: { id: 'uuid' }, fields: [{ column: 'password' }] },
]
const json = JSON.stringify({ provider, tables })
const SQL = ['guard', 'sql']

const projects: Project[] = []
afterEach(() => {
  for (const each of projects.splice(0)) each.remove()
})

function projectOf(files: Record<string, string>, packages?: string[]): Project {
  const made = project(files, packages)
  projects.push(made)
  return made
}

/** `waxseal guard sql` in a project of these files: it needs a configuration, and no database. */
function guardSql(files: Record<string, string>, args: string[] = [], packages?: string[]): Promise<Run> {
  return waxseal([...SQL, ...args], { cwd: projectOf(files, packages).folder })
}

describe('a configuration file', () => {
  const esm = `import { defineConfiguration } from 'waxseal/config'\nexport default defineConfiguration(${json})`
  const commonjs = `module.exports = require('waxseal/config').defineConfiguration(${json})`
  const typescript = `import { type Configuration, defineConfiguration } from 'waxseal/config'
    const configuration: Configuration = ${json}
    export default defineConfiguration(configuration)`
  const isCommonJs = { 'package.json': '{}' }
  const cases: [name: string, files: Record<string, string>][] = [
    ['json', { 'waxseal.config.json': json }],
    ['mjs', { ...isCommonJs, 'waxseal.config.mjs': esm }],
    ['cjs', { 'waxseal.config.cjs': commonjs }],
    ['js in an ESM project', { 'waxseal.config.js': esm }],
    ['js in a CommonJS project', { ...isCommonJs, 'waxseal.config.js': commonjs }],
    ['ts in an ESM project', { 'waxseal.config.ts': typescript }],
    ['ts in a CommonJS project', { ...isCommonJs, 'waxseal.config.ts': typescript }],
    ['mts in a CommonJS project', { ...isCommonJs, 'waxseal.config.mts': `${typescript}\nawait 1` }],
    ['a function', { 'waxseal.config.js': `export default () => (${json})` }],
    ['a promise', { 'waxseal.config.js': `export default Promise.resolve(${json})` }],
    ['a function in CommonJS', { 'waxseal.config.cjs': `module.exports = async () => (${json})` }],
  ]
  for (const [name, files] of cases) {
    test(`may be ${name}`, async () => {
      const { status, stdout, stderr } = await guardSql(files)
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
      expect(stdout).toContain('CREATE OR REPLACE TRIGGER waxseal_wx001_insert AFTER INSERT ON "public"."credential"')
    })
  }

  test('may have any name with --config', async () => {
    const { status } = await guardSql({ 'config/other.json': json }, ['--config', 'config/other.json'])
    expect(status).toBe(0)
  })

  test('comes before the environment', async () => {
    const { folder } = projectOf({ 'waxseal.config.json': json })
    const env = { WAXSEAL_PROVIDER: 'nobody knows it' }
    expect((await waxseal(SQL, { cwd: folder })).status).toBe(0)
    expect((await waxseal(SQL, { cwd: folder, env })).status).toBe(0)
  })
})

describe('refused, without a word of what is in the file:', () => {
  const secret = canary()
  const cases: [name: string, files: Record<string, string>, message: RegExp][] = [
    [
      'two files',
      { 'waxseal.config.js': '', 'waxseal.config.ts': '' },
      /expected one configuration file, found waxseal\.config\.ts and waxseal\.config\.js/,
    ],
    [
      'no default export',
      { 'waxseal.config.js': `export const keys = '${secret}'` },
      /expected a default export, the configuration, found none/,
    ],
    [
      'JSON that is cut',
      { 'waxseal.config.json': `{"keys":"${secret}"` },
      /waxseal\.config\.json: expected JSON, found something else/,
    ],
    [
      'JavaScript that is none',
      { 'waxseal.config.js': `\nexport default { keys: ${secret} }` },
      /it cannot be loaded: syntax error, in it or in what it imports; "node --check .*waxseal\.config\.js" shows the place/,
    ],
    [
      'text without its quotation marks',
      { 'waxseal.config.js': `export default { keys: ${secret.replaceAll('-', '_')} }` },
      /it cannot be loaded: it, or what it imports, uses a name that is not defined; put text into quotation marks$/m,
    ],
    [
      'TypeScript that is none',
      { 'waxseal.config.ts': `\n\nexport default { keys: '${secret}' oops }` },
      /it cannot be loaded: syntax error in .*waxseal\.config\.ts, line 3/,
    ],
    [
      'TypeScript that is none, in CommonJS',
      { 'package.json': '{}', 'waxseal.config.ts': `\nconst x: = '${secret}'` },
      /it cannot be loaded: syntax error in .*waxseal\.config\.ts, line 2/,
    ],
    [
      'an import of nothing',
      { 'waxseal.config.ts': `import './gone.js'\nexport default '${secret}'` },
      /waxseal\.config\.ts: Error: Cannot find module .*gone\.js/,
    ],
    [
      'an export that is not there',
      {
        'a.ts': 'export const a = 1',
        'waxseal.config.ts': `import { b } from './a.js'\nexport default [b, '${secret}']`,
      },
      /does not provide an export named 'b'/,
    ],
    [
      'a value of the wrong kind',
      { 'waxseal.config.js': `export default { provider: '${secret}', tables: '${secret}' }` },
      /waxseal\.config\.js: 2 problems\n {2}provider: expected .*found other text\n {2}tables: expected a list of tables, found other text/,
    ],
    [
      'a provider that refuses',
      {
        'waxseal.config.js': `import { LocalProvider } from 'waxseal/providers/local'\nexport default { provider: new LocalProvider({ keys: '1:${secret}', currentKey: 1 }) }`,
      },
      /provider "local": /,
    ],
  ]
  for (const [name, files, message] of cases) {
    test(name, async () => {
      const { folder } = projectOf(files)
      for (const env of [{}, { WAXSEAL_DEBUG: '1' }]) {
        const { status, stdout, stderr } = await waxseal(SQL, { cwd: folder, env })
        expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
        expect(stderr).toMatch(message)
        expect(stderr.replaceAll('_', '-')).not.toContain(secret)
      }
    })
  }

  test('a file that is not there', async () => {
    for (const name of ['gone.ts', 'gone.json']) {
      const { status, stderr } = await guardSql({}, ['--config', name])
      expect(status).toBe(2)
      expect(stderr).toMatch(/gone\.(ts: no such file|json: it cannot be read \(ENOENT\))/)
    }
  })
})
