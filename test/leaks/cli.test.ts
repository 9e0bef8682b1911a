import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { createPassphraseKeyring, generateLocalKey } from '../../providers/local/index.js'
import { declarationOf, type ProtectedProject, protectedProject } from '../cli/protected-project.js'
import { builtPackage, type RunOptions } from '../setup/cli.js'
import { readColumns, serverLog } from '../setup/database.js'
import type { Place } from '../setup/traces.js'
import { Canaries, inWords, isDeclared, readCanaries, type Sighting, sightings } from './canaries.js'
import { observe } from './command.js'
import { type Command, commands, PLACE } from './commands.js'
import { recoveryCommands } from './recovery-commands.js'

const folder = mkdtempSync(join(tmpdir(), 'waxseal-leaks-'))
const file = (name: string) => join(folder, name)
const files = { folder, keys: file('keys'), keyring: file('keyring'), other: file('other') }
const noted = file('canaries.jsonl')
const canaries = new Canaries(noted, 'protected')

function newKeys(name: string): string {
  const key = generateLocalKey()
  canaries.bytes(name, Buffer.from(key.slice(0, 43), 'base64url'))
  return `1:${key}`
}

let p: ProtectedProject
let table: Readonly<Record<string, Command>>
let seen: readonly Sighting[]
const places: Place[] = []
const written = new Map<string, readonly string[]>()
const statuses = new Map<string, number>()

async function run(name: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const env = { WAXSEAL_DEBUG: '1', ...options.env }
  const observed = await observe(args, { cwd: p.project.folder, ...options, env })
  places.push(...observed.places)
  if (observed.written.length > 0) written.set(name, observed.written)
  statuses.set(name, observed.run.status)
  return observed.run.stdout
}

beforeAll(async () => {
  const logged = serverLog().length
  const keys = newKeys('the KEK in the configuration')
  const configuration = { provider: { name: 'local', keys, currentKey: 1 } }
  p = await protectedProject({}, configuration)
  canaries.bytes('the password of the database', Buffer.from(decodeURIComponent(new URL(p.database.url).password)))
  const passphrase = canaries.text('the passphrase of the keyring')
  writeFileSync(files.keys, newKeys('the KEK in a file'), { mode: 0o600 })
  writeFileSync(files.keyring, await createPassphraseKeyring({ passphrase }), { mode: 0o600 })
  writeFileSync(files.other, canaries.text('a file that is none of keys'), { mode: 0o600 })

  const program = join(builtPackage(), 'dist/esm/src/cli/main.js')
  const value = canaries.text('a value that is decrypted', ['stdout'])
  const stored = await run('encrypt', [program, 'encrypt', ...PLACE], { stdin: value })
  await run('decrypt', [program, 'decrypt', ...PLACE], { stdin: stored })
  await run('inspect', [program, 'inspect'], { stdin: stored })
  const declared = { ...configuration, tables: [declarationOf(p.credentials.table)] }
  const given = { canaries, files, newKeys, passphrase, configuration: declared, databaseUrl: p.database.url }
  table = { ...commands(given), ...(await recoveryCommands(canaries, folder, p)) }
  for (const [name, { args, options }] of Object.entries(table)) await run(name, [program, ...args], options)
  const twin = fileURLToPath(new URL('twin.cjs', import.meta.url))
  await run('the twin', [twin], {
    stdin: new Canaries(noted, 'in the open').text('the secret of the twin'),
    env: { DATABASE_URL: p.database.url },
  })
  places.push({ where: 'server log', text: serverLog().slice(logged) }, ...(await readColumns(p.client)))
  seen = sightings(places, readCanaries(noted))
}, 300_000)
afterAll(async () => {
  await p?.remove()
  rmSync(folder, { recursive: true })
})

test('each command ended as it was to end', () => {
  const expected = Object.entries(table).map(([name, { status }]) => [name, status])
  expect([...statuses]).toEqual([['encrypt', 0], ['decrypt', 0], ['inspect', 0], ...expected, ['the twin', 0]])
})

test('no plaintext, no key, no passphrase and no password is in any output, argument, file or statement', () => {
  const leaks = seen.filter((each) => each.canary.side === 'protected' && !isDeclared(each))
  expect(leaks.map(inWords)).toEqual([])
})

test('the same search finds what a twin without protection does with its secret, in every place', () => {
  const shown = seen.filter(({ canary }) => canary.side === 'in the open').map(({ where }) => where)
  for (const where of [
    'stdout (plain)',
    'stderr (base64)',
    'arguments of a child process (hex)',
    'temporary file (UTF-16 latin1)',
    'server log (plain)',
    'public.in_the_open.secret (plain)',
  ]) {
    expect(shown).toContain(where)
  }
})

test('recover prints the value where that is asked for, and writes it where that is', () => {
  const printed = seen.filter(({ canary }) => canary.name.endsWith('prints')).map(inWords)
  expect(printed.sort()).toEqual([
    'a row that rsa-oaep-256 prints: stdout (plain)',
    'a row that x25519 prints: stdout (plain)',
  ])
  for (const algorithm of ['rsa-oaep-256', 'x25519']) {
    const { value } = readCanaries(noted).find(({ name }) => name === `a row of the database for ${algorithm}`)!
    expect(readFileSync(file(`${algorithm}-tables.jsonl`), 'utf8')).toContain(value)
  }
})

test('decrypt prints the value on standard output, and what was given as an argument is in the arguments', () => {
  const declared = seen.filter(isDeclared)
  expect(declared.map(inWords)).toContain('a value that is decrypted: stdout (plain)')
  expect(new Set(declared.map(({ where }) => where))).toEqual(new Set(['stdout (plain)', 'arguments (plain)']))
})

test('files are written by keygen and recovery alone, beside their place where there is one to replace', () => {
  written.delete('the twin')
  const recovered = (algorithm: string) => ({
    [`recovery-key create of ${algorithm}`]: [file(`${algorithm}-new.pem`), file(`${algorithm}-new.pub`)],
    [`recover with ${algorithm} from an export`]: [file(`${algorithm}-plain.jsonl`)],
    [`recover with ${algorithm} from the database`]: [file(`${algorithm}-tables.jsonl`)],
  })
  expect(Object.fromEntries(written)).toEqual({
    ...recovered('rsa-oaep-256'),
    ...recovered('x25519'),
    'keygen for a file': [file('made')],
    'keygen for a file that is none of keys': [`${files.other}.new`],
    'keygen for a rotation': [`${files.keys}.new`, `${files.keys}.new`],
    'keygen of a keyring from the environment': [`${files.keyring}.new`, `${files.keyring}.new`],
  })
  expect(places.filter(({ where }) => where === 'temporary file')).toHaveLength(1)
})
