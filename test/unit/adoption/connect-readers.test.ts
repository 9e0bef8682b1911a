import { createSecretKey, pbkdf2Sync, scryptSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import { connectReaders, derivedKey, plaintextReader } from '../../../src/adoption/readers/index.js'
import { gcmParts, hexGcm, legacyKey, readText } from './legacy-values.js'

const until = '2030-01-01'
const { key, hex } = legacyKey()
const folder = mkdtempSync(join(tmpdir(), 'waxseal-readers-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const connect = (declared: readonly object[], environment = {}) =>
  connectReaders('credential.password', declared as never, environment)
const problem = (declared: readonly object[], environment = {}) =>
  connect(declared, environment).then(
    () => 'connected',
    (error: { code: string; message: string }) => `${error.code} ${error.message}`,
  )

test('a key is found in the environment and in a private file', async () => {
  const file = join(folder, 'key')
  writeFileSync(file, `${hex}\n`, { mode: 0o600 })
  for (const place of [{ variable: 'LEGACY' }, { file }]) {
    const readers = await connect([{ name: 'hex-gcm', key: place, until }], { LEGACY: hex })
    expect(readText(readers, hexGcm(key, 'value'))).toBe('value')
  }
})

test('a key that is not there, is no key, or can be read by others', async () => {
  const section = { name: 'hex-gcm', key: { variable: 'LEGACY' }, until }
  expect(await problem([section])).toMatch(/ERR_CONFIGURATION .*variable LEGACY, found nothing/)
  expect(await problem([section], { LEGACY: 'hunter2' })).toMatch(/32 bytes in hex, found other text$/)
  const file = join(folder, 'open')
  writeFileSync(file, hex, { mode: 0o644 })
  expect(await problem([{ ...section, key: { file } }])).toMatch(/can be read by others/)
})

test.each([
  ['scrypt as Node does it', { name: 'scrypt', salt: 'salt' }, scryptSync('pass phrase', 'salt', 32)],
  [
    'scrypt with other costs',
    { name: 'scrypt', salt: 'salt', cost: 1024, blockSize: 4, parallelization: 2 },
    scryptSync('pass phrase', 'salt', 32, { cost: 1024, blockSize: 4, parallelization: 2 }),
  ],
  [
    'PBKDF2',
    { name: 'pbkdf2', salt: 'salt', iterations: 1000, digest: 'sha512' },
    pbkdf2Sync('pass phrase', 'salt', 1000, 32, 'sha512'),
  ],
] as const)('a key is derived by %s', async (_name, kdf, expected) => {
  expect((await derivedKey('pass phrase', kdf)).export()).toEqual(expected)
  const { iv, tag, ciphertext } = gcmParts(createSecretKey(expected), 'value')
  const section = {
    name: 'flagged',
    passphrase: { variable: 'P' },
    kdf,
    flag: 'f',
    metadata: 'm',
    iv: ['iv'],
    encoding: 'hex',
    until,
  }
  const readers = await connect([section], { P: 'pass phrase' })
  const row = { f: 'true', m: JSON.stringify({ iv: iv.toString('hex') }) }
  expect(readText(readers, Buffer.concat([ciphertext, tag]).toString('hex'), row)).toBe('value')
})

test('an option that is unknown, missing or unusable', async () => {
  const hexGcmOf = (changes: object) => ({ name: 'hex-gcm', key: { variable: 'K' }, until, ...changes })
  const flagged = {
    name: 'flagged',
    passphrase: { variable: 'P' },
    flag: 'f',
    metadata: 'm',
    iv: ['iv'],
    encoding: 'hex',
    until,
  }
  const typeorm = { name: 'typeorm-encrypted', key: { variable: 'K' }, until, ivLength: 12, algorithm: 'aes-256-gcm' }
  const cases: [object, RegExp][] = [
    [{ name: 'rot13', until }, /"name" to be one of plaintext, hex-gcm, typeorm-encrypted, flagged/],
    [{ name: 'plaintext' }, /reader "plaintext": the option "until" is missing/],
    [{ name: 'plaintext', until: 'soon' }, /"until" must be a Date/],
    [{ name: 'plaintext', until, key: { variable: 'K' } }, /unknown option "key"/],
    [hexGcmOf({ key: hex }), /"key" must be \{ variable \} or \{ file \}: where the secret lies/],
    [hexGcmOf({ key: { variable: 'K', file: 'k' } }), /"key" must be/],
    [{ ...typeorm, algorithm: 'aes-128-gcm' }, /"algorithm" must be one of/],
    [{ ...typeorm, ivLength: 0 }, /"ivLength" must be a whole number/],
    [flagged, /"kdf" is missing/],
    [{ ...flagged, kdf: { name: 'md5', salt: 's' } }, /"kdf".*one of scrypt, pbkdf2/],
    [{ ...flagged, kdf: { name: 'pbkdf2', salt: 's', iterations: 1, digest: 'none' } }, /"digest" must be one of/],
    [{ ...flagged, kdf: { name: 'scrypt', salt: 's', N: 2 } }, /unknown option "N"/],
    [{ ...flagged, kdf: { name: 'scrypt', salt: 's' }, iv: [] }, /"iv" must be a list/],
    [{ reader: plaintextReader() }, /\{ reader, until \}/],
    [{ reader: {}, until: new Date(until) }, /\{ reader, until \}/],
  ]
  for (const [section, message] of cases) expect(await problem([section])).toMatch(message)
})

test('a reader that cannot tell its values from others is the last', async () => {
  const plaintext = { name: 'plaintext', until }
  const cbc = { name: 'typeorm-encrypted', key: { variable: 'K' }, algorithm: 'aes-256-cbc', ivLength: 16, until }
  const gcm = { ...cbc, algorithm: 'aes-256-gcm' }
  const own = { reader: plaintextReader(), until: new Date(until) }
  const environment = { K: hex }
  for (const readers of [[plaintext], [gcm, plaintext], [gcm, cbc], [gcm, own]]) {
    expect(await problem(readers, environment)).toBe('connected')
  }
  for (const readers of [
    [plaintext, gcm],
    [cbc, plaintext],
    [own, gcm],
  ]) {
    expect(await problem(readers, environment)).toMatch(/cannot tell its values from others; name it last/)
  }
})
