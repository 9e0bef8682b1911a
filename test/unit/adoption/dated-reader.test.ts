import { createSecretKey, pbkdf2Sync, scryptSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, expect, test } from '@jest/globals'
import { datedReader } from '../../../src/adoption/readers/index.js'
import { gcmParts, hexGcm, legacyKey, readText } from './legacy-values.js'

const VARIABLE = 'LEGACY_KEY_OF_THIS_TEST'
const until = '2030-01-01'
const { key, hex } = legacyKey()
const folder = mkdtempSync(join(tmpdir(), 'waxseal-readers-'))
beforeEach(() => {
  delete process.env[VARIABLE]
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const hexGcmAt = (place: object) => datedReader({ name: 'hex-gcm', key: place as never, until })

function problem(run: () => unknown): string {
  try {
    run()
    return 'none'
  } catch (error) {
    const { code, message } = error as { code: string; message: string }
    return `${code} ${message}`
  }
}

test('a key is found in the environment and in a private file, when it is needed', () => {
  const file = join(folder, 'key')
  const readers = [hexGcmAt({ variable: VARIABLE }), hexGcmAt({ file })]
  writeFileSync(file, `${hex}\n`, { mode: 0o600 })
  process.env[VARIABLE] = hex
  for (const reader of readers) expect(readText([reader], hexGcm(key, 'value'))).toBe('value')
  delete process.env[VARIABLE]
  for (const reader of readers) expect(readText([reader], hexGcm(key, 'again'))).toBe('again')
})

test('a key that is not there, is no key, or can be read by others', () => {
  const read = (place: object) => problem(() => readText([hexGcmAt(place)], hexGcm(key, 'value')))
  expect(read({ variable: VARIABLE })).toMatch(
    `ERR_CONFIGURATION reader "hex-gcm": expected a secret in the variable ${VARIABLE}`,
  )
  process.env[VARIABLE] = 'hunter2'
  expect(read({ variable: VARIABLE })).toMatch(/32 bytes in hex, found other text$/)
  const file = join(folder, 'open')
  writeFileSync(file, hex, { mode: 0o644 })
  expect(read({ file })).toMatch(/can be read by others/)
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
] as const)('a key is derived by %s', (_name, kdf, expected) => {
  const { iv, tag, ciphertext } = gcmParts(createSecretKey(expected), 'value')
  process.env[VARIABLE] = 'pass phrase'
  const passphrase = { variable: VARIABLE }
  const reader = datedReader({
    ...{ name: 'flagged', passphrase, kdf, flag: 'f', metadata: 'm' },
    ...{ iv: ['iv'], encoding: 'hex', until },
  } as const)
  const row = { f: 'true', m: JSON.stringify({ iv: iv.toString('hex') }) }
  expect(readText([reader], Buffer.concat([ciphertext, tag]).toString('hex'), row)).toBe('value')
})

test('typeorm-encrypted, by its name', () => {
  process.env[VARIABLE] = hex
  const { iv, tag, ciphertext } = gcmParts(key, 'value', 16)
  const section = { key: { variable: VARIABLE }, algorithm: 'aes-256-gcm', ivLength: 16, until } as const
  const reader = datedReader({ name: 'typeorm-encrypted', ...section })
  expect(readText([reader], Buffer.concat([iv, tag, ciphertext]).toString('base64'))).toBe('value')
})

const plaintext = { name: 'plaintext', until }
const ofHexGcm = { name: 'hex-gcm', key: { variable: 'K' }, until }
const typeorm = { name: 'typeorm-encrypted', key: { variable: 'K' }, until, ivLength: 12, algorithm: 'aes-256-gcm' }
const flagged = {
  name: 'flagged',
  passphrase: { variable: 'P' },
  flag: 'f',
  metadata: 'm',
  iv: ['iv'],
  encoding: 'hex',
  until,
}
const salt = 's'
test.each<[string, object, RegExp]>([
  ['another name', { name: 'rot13', until }, /"name" to be one of plaintext, hex-gcm, typeorm-encrypted, flagged/],
  ['no end', { name: 'plaintext' }, /reader "plaintext": the option "until" is missing/],
  ['an end that is none', { ...plaintext, until: 'soon' }, /"until" must be a Date/],
  ['an option of another reader', { ...plaintext, key: { variable: 'K' } }, /unknown option "key"/],
  ['a key as text', { ...ofHexGcm, key: hex }, /"key" must be \{ variable \} or \{ file \}: where the secret lies/],
  ['two places of a key', { ...ofHexGcm, key: { variable: 'K', file: 'k' } }, /"key" must be/],
  ['another algorithm', { ...typeorm, algorithm: 'aes-128-gcm' }, /"algorithm" must be one of/],
  ['no IV', { ...typeorm, ivLength: 0 }, /"ivLength" must be a whole number/],
  ['no KDF', flagged, /"kdf" is missing/],
  ['another KDF', { ...flagged, kdf: { name: 'md5', salt } }, /"kdf".*one of scrypt, pbkdf2/],
  [
    'another digest',
    { ...flagged, kdf: { name: 'pbkdf2', salt, iterations: 1, digest: 'none' } },
    /"digest" must be one of/,
  ],
  ['an unknown cost', { ...flagged, kdf: { name: 'scrypt', salt, N: 2 } }, /unknown option "N"/],
  ['no path of the IV', { ...flagged, kdf: { name: 'scrypt', salt }, iv: [] }, /"iv" must be a list/],
])('%s is refused', (_what, section, message) => {
  const refused = problem(() => datedReader(section as never))
  expect(refused).toMatch(message)
  expect(refused).toMatch(/^ERR_CONFIGURATION /)
  expect(refused).not.toContain(hex)
})
