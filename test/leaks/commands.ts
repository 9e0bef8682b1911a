import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RunOptions } from '../setup/cli.js'
import type { Canaries } from './canaries.js'

export interface Command {
  readonly args: readonly string[]
  readonly status: number
  readonly options?: RunOptions
}

export interface Files {
  readonly folder: string
  readonly keys: string
  readonly keyring: string
  readonly other: string
}

/** What the commands work with. */
export interface Given {
  readonly canaries: Canaries
  readonly files: Files
  /** An entry of `keys` that is noted as a canary. */
  readonly newKeys: (name: string) => string
  readonly passphrase: string
  /** That of the project. */
  readonly configuration: object
  readonly databaseUrl: string
}

/** Whose value it is: of the table that the project's configuration names. */
export const PLACE = [
  ...['--entity', 'credential', '--field', 'credential.password'],
  ...['--row', randomUUID(), '--context', `tenant=${randomUUID()}`],
]

/** Every command, as it succeeds and as it fails. A project with a configuration is where they run unless they say. */
export function commands(given: Given): Readonly<Record<string, Command>> {
  const { canaries, files, newKeys, passphrase, configuration, databaseUrl } = given
  const stdin = (name: string, shape = 'X', declared: readonly string[] = []) => ({
    stdin: shape.replaceAll('X', canaries.text(name, declared)),
  })
  const argument = (name: string) => canaries.text(name, ['arguments'])
  const encrypt = ['encrypt', ...PLACE]
  const elsewhere = (env: Readonly<Record<string, string>>, input: RunOptions = stdin('a value elsewhere')) => ({
    ...input,
    cwd: files.folder,
    env: { WAXSEAL_PROVIDER: 'local', WAXSEAL_LOCAL_CURRENT_KEY: '1', ...env },
  })
  const misconfigured = (database: string) => {
    const path = join(files.folder, `${randomUUID()}.json`)
    writeFileSync(path, JSON.stringify({ ...configuration, database }))
    return path
  }
  const mistyped = newKeys('a KEK that is mistyped').replace(/.$/, (last) => (last === '0' ? '1' : '0'))
  return {
    'encrypt with a line break': { args: encrypt, status: 0, options: stdin('a line', 'X\n') },
    'encrypt no UTF-8': {
      args: encrypt,
      status: 2,
      options: { stdin: Buffer.concat([Buffer.from(canaries.text('bytes that are no text')), Buffer.from([0xff])]) },
    },
    'encrypt what is no JSON': {
      args: ['encrypt', '--entity', 'a', '--field', 'b', '--kind', 'json'],
      status: 2,
      options: elsewhere({ WAXSEAL_LOCAL_KEYS: newKeys('a KEK by the environment') }, stdin('no JSON', 'X {')),
    },
    'encrypt under keys of a file': {
      args: encrypt,
      status: 0,
      options: elsewhere({ WAXSEAL_LOCAL_KEYS_FILE: files.keys }),
    },
    'encrypt under a keyring': {
      args: encrypt,
      status: 0,
      options: elsewhere({ WAXSEAL_LOCAL_KEYRING_FILE: files.keyring, WAXSEAL_LOCAL_PASSPHRASE: passphrase }),
    },
    'encrypt under a wrong passphrase': {
      args: encrypt,
      status: 2,
      options: elsewhere({
        WAXSEAL_LOCAL_KEYRING_FILE: files.keyring,
        WAXSEAL_LOCAL_PASSPHRASE: canaries.text('a wrong passphrase'),
      }),
    },
    'encrypt under mistyped keys': { args: encrypt, status: 2, options: elsewhere({ WAXSEAL_LOCAL_KEYS: mistyped }) },
    'encrypt under a key in place of its file': {
      args: encrypt,
      status: 2,
      options: elsewhere({ WAXSEAL_LOCAL_KEYS_FILE: newKeys('a KEK for its file') }),
    },
    'encrypt with a variable of nobody': {
      args: encrypt,
      status: 2,
      options: elsewhere({ WAXSEAL_LOCAL_KEYS: newKeys('a KEK and a typo'), WAXSEAL_TOKEN: canaries.text('a token') }),
    },
    'decrypt plaintext': { args: ['decrypt', ...PLACE], status: 4, options: stdin('plaintext to decrypt') },
    'decrypt plaintext in an object': {
      args: ['decrypt', ...PLACE],
      status: 4,
      options: stdin('plaintext for a field', '{"metadata":{"format":"X"},"field":"X"}'),
    },
    'inspect plaintext': { args: ['inspect'], status: 4, options: stdin('plaintext to inspect') },
    'inspect plaintext that begins like a field': {
      args: ['inspect', '--json'],
      status: 4,
      options: stdin('plaintext like a field', 'ws1:X'),
    },
    'inspect plaintext in lines': { args: ['inspect'], status: 4, options: stdin('plaintext in lines', '{}\nX\n') },
    'inspect metadata of plaintext': {
      args: ['inspect'],
      status: 4,
      options: stdin('plaintext as metadata', '{"format":1,"id":"X","commitment":"X","X":1}'),
    },
    doctor: { args: ['doctor'], status: 0 },
    'doctor as JSON': { args: ['doctor', '--json'], status: 0 },
    'doctor without a database': {
      args: ['doctor'],
      status: 2,
      options: elsewhere({ WAXSEAL_LOCAL_KEYS: newKeys('a KEK for doctor') }),
    },
    'doctor with a wrong password of the database': {
      args: ['doctor', '--config', misconfigured(databaseUrl.replace(/:[^:@]+@/, `:${canaries.text('a password')}@`))],
      status: 1,
    },
    'doctor without a server': {
      args: [
        'doctor',
        '--json',
        '--config',
        misconfigured(`postgres://u:${canaries.text('a password')}@127.0.0.1:9/d`),
      ],
      status: 1,
    },
    'doctor with a configuration that is no JSON': {
      args: ['doctor', '--config', files.other],
      status: 2,
    },
    'guard check': { args: ['guard', 'check'], status: 0 },
    'guard check as JSON': { args: ['guard', 'check', '--json'], status: 0 },
    'guard sql': { args: ['guard', 'sql'], status: 0 },
    'guard remove': { args: ['guard', 'remove'], status: 0 },
    'guard install': { args: ['guard', 'install'], status: 0 },
    'keygen for a screen': { args: ['keygen', '--json'], status: 0 },
    'keygen for a file': { args: ['keygen', '--file', `${files.folder}/made`], status: 0 },
    'keygen for a rotation': { args: ['keygen', '--file', files.keys, '--add'], status: 0 },
    'keygen for a file that is none of keys': { args: ['keygen', '--file', files.other, '--add'], status: 2 },
    'keygen of a keyring': { args: ['keygen', '--passphrase'], status: 0, options: stdin('a new passphrase') },
    'keygen of a keyring from the environment': {
      args: ['keygen', '--passphrase', '--file', files.keyring, '--add', '--json'],
      status: 0,
      options: { env: { WAXSEAL_LOCAL_PASSPHRASE: canaries.text('a passphrase in the environment') } },
    },
    'keygen from a weak passphrase': {
      args: ['keygen', '--passphrase'],
      status: 2,
      options: { stdin: canaries.text('a weak passphrase').slice(0, 12) },
    },
    'a value as an argument': { args: [...encrypt, argument('an argument')], status: 2 },
    'a value as a mistyped option': { args: [...encrypt, `--value=${argument('an option')}`], status: 2 },
    'a passphrase as the value of a switch': {
      args: ['keygen', `--passphrase=${argument('the value of a switch')}`],
      status: 2,
    },
    'a passphrase as a short option': { args: ['keygen', `-p${argument('a short option')}`], status: 2 },
  }
}
