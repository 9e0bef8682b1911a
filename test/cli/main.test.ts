import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { EXIT_OF_ERROR } from '../../src/cli/exit-codes.js'
import { failureOf, tracesOf } from '../../src/cli/failure.js'
import { ConfigurationError } from '../../src/index.js'
import { builtPackage, canary, type Project, project, waxseal } from '../setup/cli.js'
import { provider } from './protected-project.js'

const VALUE = ['--entity', 'credential', '--field', 'credential.password', '--row', '1']
const ESCAPE = String.fromCharCode(27)

test('says which version it is', async () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
  expect(await waxseal(['--version'])).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' })
})

test('help lists every command, and each has help of its own', async () => {
  const help = await waxseal(['--help'])
  expect(help).toMatchObject({ status: 0, stderr: '' })
  const commands = [...help.stdout.matchAll(/^ {2}([a-z]+) /gm)]
    .map(([, name]) => name!)
    .filter((name) => name !== 'help')
  expect(commands).toEqual(expect.arrayContaining(['keygen', 'doctor', 'guard', 'inspect', 'encrypt', 'decrypt']))
  for (const command of commands) {
    const { status, stdout } = await waxseal([command, '--help'])
    expect(status).toBe(0)
    expect(stdout).toContain(`Usage: waxseal ${command}`)
  }
})

describe('exit code 2, a line on stderr and nothing on stdout for', () => {
  const cases: [name: string, args: string[], message: RegExp][] = [
    ['an unknown command', ['incrypt'], /^waxseal: unknown command 'incrypt'/],
    ['an unknown option', ['doctor', '--jsn'], /^waxseal: unknown option '--jsn'/],
    ['an unknown short option', ['doctor', '-j'], /^waxseal: unknown option '-j'/],
    ['a value behind a short option', ['keygen', '-psecret=='], /^waxseal: unknown option '-p…'\n$/],
    ['an option without its value', ['doctor', '--config'], /^waxseal: option '--config <file>' argument missing/],
    ['a missing option', ['encrypt', '--entity', 'x'], /^waxseal: required option '--field <id>' not specified/],
    ['a value among the arguments', ['encrypt', ...VALUE, 'x'], /^waxseal: too many arguments/],
    [
      'an unknown kind',
      ['encrypt', ...VALUE, '--kind', 'xml'],
      /^waxseal: option '--kind <kind>' argument 'xml' is invalid\. Allowed choices are text, json, bytes/,
    ],
    [
      'a pair that is none',
      ['encrypt', ...VALUE, '--context', 'tenant'],
      /^waxseal: option '--context <name=value>' .* Expected <name>=<value>\./,
    ],
    ['a pair that is ours', ['encrypt', ...VALUE, '--context', 'waxseal-row=1'], /^waxseal: option '--context/],
    ['a pair given twice', ['encrypt', ...VALUE, '--context', 'a=1', '--context', 'a=2'], /The pair is given twice/],
    ['no configuration', ['doctor'], /^waxseal: no configuration: expected a file/],
  ]
  for (const [name, args, message] of cases) {
    test(name, async () => {
      const { status, stdout, stderr } = await waxseal(args)
      expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
      expect(stderr).toMatch(message)
    })
  }
})

describe('with a KMS', () => {
  let made: Project
  beforeAll(() => {
    made = project({
      'waxseal.config.js': `
import { FaultyProvider, faults } from 'waxseal/testing'
const provider = new FaultyProvider()
const fault = process.env.FAULT
if (fault === 'bug') provider.generateDataKey = () => { throw new TypeError(process.env.SECRET, { cause: new RangeError(process.env.SECRET) }) }
else if (fault) provider.faults.inject(faults[fault]())
export default { provider }
`,
    })
  })
  afterAll(() => made.remove())

  const encrypt = (env: Record<string, string>) =>
    waxseal(['encrypt', ...VALUE], { cwd: made.folder, env, stdin: 'plaintext' })

  test('exit code 3: it is worth another try', async () => {
    const { status, stdout, stderr } = await encrypt({ FAULT: 'throttle' })
    expect({ status, stdout, stderr }).toEqual({ status: 3, stdout: '', stderr: 'waxseal: fake KMS: throttled\n' })
  })

  test('exit code 4: it is not', async () => {
    const { status, stdout, stderr } = await encrypt({ FAULT: 'deny' })
    expect({ status, stdout, stderr }).toEqual({
      status: 4,
      stdout: '',
      stderr: 'waxseal: fake KMS: access denied; mend the policy\n',
    })
  })

  test('exit code 70: a mistake in the program, of which nothing is repeated', async () => {
    const secret = canary()
    const { status, stdout, stderr } = await encrypt({ FAULT: 'bug', SECRET: secret })
    expect({ status, stdout }).toEqual({ status: 70, stdout: '' })
    expect(stderr).toBe(
      'waxseal: internal error (TypeError); run it again with WAXSEAL_DEBUG=1 and report what it prints\n',
    )
    const debug = await encrypt({ FAULT: 'bug', SECRET: secret, WAXSEAL_DEBUG: '1' })
    expect(debug.stderr).toMatch(/\nTypeError\n {4}at .*waxseal\.config\.js:/)
    expect(debug.stderr).toMatch(/\ncaused by RangeError\n {4}at /)
    expect(debug.stderr).not.toContain(secret)
  })

  test('colours are for terminals', async () => {
    const { stderr } = await encrypt({ FAULT: 'deny', TERM: 'xterm-256color' })
    expect(stderr).not.toContain(ESCAPE)
  })
})

test('a reader that has seen enough is no error', () => {
  const made = project({
    // Prints, and gives the closed pipe time to be noticed.
    'waxseal.config.js': `console.log('loading')
await new Promise(setImmediate)
export default { provider: ${JSON.stringify(provider)} }`,
  })
  const main = join(builtPackage(), 'dist/esm/src/cli/main.js')
  const command = `'${process.execPath}' '${main}' guard sql | true; echo "\${PIPESTATUS[0]}"`
  const { stdout, stderr } = spawnSync('bash', ['-c', command], { cwd: made.folder, encoding: 'utf8' })
  made.remove()
  expect({ stdout, stderr }).toEqual({ stdout: '0\n', stderr: '' })
})

test('output that cannot be written is an error, and no success with half a result', () => {
  const main = join(builtPackage(), 'dist/esm/src/cli/main.js')
  // A descriptor that can only be read stands for a full disk.
  const command = `'${process.execPath}' '${main}' keygen 1</dev/null; echo "$?" >&2`
  const { stderr } = spawnSync('bash', ['-c', command], { encoding: 'utf8' })
  expect(stderr).toBe('waxseal: standard output cannot be written (EBADF); the result is incomplete\n2\n')
})

test('a reader that has seen enough does not turn a finding into a success', () => {
  const other = JSON.stringify({ metadata: {}, field: `ws1:${'A'.repeat(43)}:${'A'.repeat(40)}` })
  const main = join(builtPackage(), 'dist/esm/src/cli/main.js')
  const command = `printf %s '${other}' | '${process.execPath}' '${main}' inspect | true; echo "\${PIPESTATUS[1]}"`
  expect(spawnSync('bash', ['-c', command], { encoding: 'utf8' }).stdout).toBe('1\n')
})

describe('what is said of an error', () => {
  test('each of our codes has an exit code', () => {
    const { ERR_CIPHER_CLOSED, ...others } = EXIT_OF_ERROR
    for (const code of Object.values(others)) expect([1, 2, 3, 4]).toContain(code)
    // No command closes the cipher that it works with.
    expect(ERR_CIPHER_CLOSED).toBe(70)
  })

  test('a database that is not there', () => {
    const refused = { code: 'ECONNREFUSED', address: '127.0.0.1', port: 5432 }
    for (const error of [refused, { code: 'ECONNREFUSED', errors: [refused, { ...refused, address: '::1' }] }]) {
      expect(failureOf(Object.assign(new Error('connect ECONNREFUSED'), error))).toEqual({
        message: 'database: cannot be reached at 127.0.0.1:5432 (ECONNREFUSED); check its URL and that it runs',
        exitCode: 5,
      })
    }
  })

  test('a database error is repeated where it can hold no value', () => {
    const secret = canary()
    const error = (code: string) => Object.assign(new Error(`"${secret}"`), { code })
    expect(failureOf(error('42P01'))).toEqual({ message: `database: "${secret}" (SQLSTATE 42P01)`, exitCode: 5 })
    expect(failureOf(error('42501')).message).toMatch(
      /\(SQLSTATE 42501\); its owner may grant it: "waxseal audit grants"/,
    )
    expect(failureOf(error('22P02'))).toEqual({
      message: 'database: refused a statement (SQLSTATE 22P02)',
      exitCode: 5,
    })
  })

  test('no message of a cause stands among the traces', () => {
    const secret = canary()
    const error = new ConfigurationError('ours', { cause: new Error(`${secret}\n    at secret (${secret}`) })
    expect(tracesOf(error).join('\n')).toMatch(/^ConfigurationError ERR_CONFIGURATION\n {4}at /)
    expect(tracesOf(error).join('\n')).not.toContain(secret)
  })
})
