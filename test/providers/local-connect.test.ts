import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { providers } from '../../providers/index.js'
import { connectLocal, createPassphraseKeyring, generateLocalKey } from '../../providers/local/index.js'

const KEY = generateLocalKey()
const FINGERPRINT = KEY.split('.')[1]
const PASSPHRASE = 'test only: gravel otter plinth mango'
const NEXT_PASSPHRASE = 'test only: velvet anchor tundra quilt'
let folder = ''
let keyring = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'waxseal-local-'))
  keyring = await createPassphraseKeyring({ passphrase: PASSPHRASE })
})
afterAll(() => rm(folder, { recursive: true }))

let files = 0
async function file(content: string, mode = 0o600): Promise<string> {
  const path = join(folder, `file-${++files}`)
  await writeFile(path, content)
  await chmod(path, mode)
  return path
}

async function versionOf(section: Record<string, unknown>): Promise<string> {
  return (await (await connectLocal(section)).currentKek({})).version
}

async function refusalOf(section: Record<string, unknown>): Promise<string> {
  const error = await connectLocal(section).then(
    () => expect(section).toBe('refused'),
    (reason: unknown) => reason,
  )
  expect(error).toMatchObject({ code: 'ERR_CONFIGURATION' })
  expect((error as Error).message).toMatch(/^provider "local": .*[^.]$/)
  return (error as Error).message
}

test('the table of providers connects the local one', async () => {
  const connect = await providers.local.connect()
  const provider = await connect({ keys: `1:${KEY}`, currentKey: '1' })
  expect(provider.name).toBe('local')
})

test('keys come from the section, as text from the environment or as a number', async () => {
  await expect(versionOf({ keys: `7:${KEY}`, currentKey: '7' })).resolves.toBe(`7-${FINGERPRINT}`)
  await expect(versionOf({ keys: `7:${KEY}`, currentKey: 7, id: undefined })).resolves.toBe(`7-${FINGERPRINT}`)
})

test('the keyring id comes from the section', async () => {
  const provider = await connectLocal({ keys: `1:${KEY}`, currentKey: 1, id: 'orders' })
  await expect(provider.currentKek({})).resolves.toMatchObject({ id: 'orders' })
})

test('keys come from a private file', async () => {
  const keysFile = await file(`# made 2026-11-22\n1:${KEY}\n2:${generateLocalKey()}\n`)
  await expect(versionOf({ keysFile, currentKey: '1' })).resolves.toBe(`1-${FINGERPRINT}`)
})

for (const mode of [0o640, 0o440, 0o604, 0o620, 0o610, 0o644, 0o666, 0o777]) {
  test(`a key file of mode ${mode.toString(8)} is refused with the command that mends it`, async () => {
    const keysFile = await file(`1:${KEY}`, mode)
    const message = await refusalOf({ keysFile, currentKey: 1 })
    expect(message).toContain(`can be read by others (mode ${mode.toString(8)}); run: chmod 600 ${keysFile}`)
    await chmod(keysFile, 0o400)
    await expect(versionOf({ keysFile, currentKey: 1 })).resolves.toBe(`1-${FINGERPRINT}`)
  })
}

test('keyring and passphrase files that others can read are refused as well', async () => {
  const [open, closed] = [await file(keyring, 0o644), await file(keyring)]
  expect(await refusalOf({ keyringFile: open, passphrase: PASSPHRASE, currentKey: 1 })).toContain(`chmod 600 ${open}`)
  const passphraseFile = await file(PASSPHRASE, 0o644)
  expect(await refusalOf({ keyringFile: closed, passphraseFile, currentKey: 1 })).toContain(
    `chmod 600 ${passphraseFile}`,
  )
})

test('a key or a passphrase where its file belongs is not repeated', async () => {
  const keyringFile = await file(keyring)
  for (const [option, section] of Object.entries({
    keysFile: { keysFile: `1:${KEY}` },
    keyringFile: { keyringFile: `1:${KEY}`, passphrase: PASSPHRASE },
    passphraseFile: { keyringFile, passphraseFile: PASSPHRASE },
  })) {
    const error = await connectLocal({ ...section, currentKey: 1 }).catch((reason: unknown) => reason)
    expect(String(error)).toContain(`the option "${option}" names no file that can be opened (ENOENT); expected a path`)
    expect(inspect(error, { depth: null })).not.toMatch(new RegExp(`${KEY}|${PASSPHRASE}`))
  }
})

test('a file that is too large is refused by its path', async () => {
  const large = await file('#'.repeat(64 * 1024 + 1))
  expect(await refusalOf({ keysFile: large, currentKey: 1 })).toContain('has 65537 bytes')
})

test('a passphrase opens its keyring, from the section and from a file', async () => {
  const keyringFile = await file(keyring)
  const { fingerprint } = JSON.parse(keyring).keys[0]
  await expect(versionOf({ keyringFile, passphrase: PASSPHRASE, currentKey: 1 })).resolves.toBe(`1-${fingerprint}`)
  const passphraseFile = await file(`${PASSPHRASE}\n`)
  await expect(versionOf({ keyringFile, passphraseFile, currentKey: 1 })).resolves.toBe(`1-${fingerprint}`)
})

test('a wrong passphrase is refused at start and not repeated', async () => {
  const keyringFile = await file(keyring)
  const message = await refusalOf({ keyringFile, passphrase: NEXT_PASSPHRASE, currentKey: 1 })
  expect(message).toContain('no passphrase gives key 1')
  expect(message).not.toContain(NEXT_PASSPHRASE)
})

const REFUSED: readonly (readonly [string, Record<string, unknown>, string])[] = [
  [
    'no source of keys',
    { currentKey: 1 },
    'expected exactly one of the options keys, keysFile, keyringFile, found none',
  ],
  ['two sources of keys', { keys: `1:${KEY}`, keysFile: 'x', currentKey: 1 }, 'found keys, keysFile'],
  ['no current key', { keys: `1:${KEY}` }, 'the option "currentKey" is missing'],
  [
    'a current key that is no number',
    { keys: `1:${KEY}`, currentKey: 'one' },
    '"currentKey" must be the number of a key',
  ],
  ['a current key with a fraction', { keys: `1:${KEY}`, currentKey: 1.5 }, '"currentKey" must be the number of a key'],
  ['a current key that is not there', { keys: `1:${KEY}`, currentKey: '2' }, 'the current key is 2'],
  [
    'an unknown option',
    { keys: `1:${KEY}`, currentKey: 1, kyes: '' },
    'unknown option "kyes"; expected one of keys, keysFile',
  ],
  ['an option of the wrong type', { keys: 5, currentKey: 1 }, 'the option "keys" must be text'],
  ['an empty option', { keys: '', currentKey: 1 }, 'the option "keys" must be text that is not empty'],
  [
    'a passphrase without a keyring',
    { keys: `1:${KEY}`, passphrase: 'p', currentKey: 1 },
    'a passphrase is of use with',
  ],
  [
    'a keyring without a passphrase',
    { keyringFile: 'x', currentKey: 1 },
    'expected exactly one of the options passphrase',
  ],
  [
    'a passphrase twice',
    { keyringFile: 'x', passphrase: 'p', passphraseFile: 'f', currentKey: 1 },
    'found passphrase, passphraseFile',
  ],
]

for (const [what, section, message] of REFUSED) {
  test(`a section with ${what} is refused and no key repeated`, async () => {
    const found = await refusalOf(section)
    expect(found).toContain(message)
    expect(found).not.toContain(KEY)
  })
}

test('a file given in the wrong place is not repeated', async () => {
  const keyringFile = await file(`1:${KEY}`)
  const message = await refusalOf({ keyringFile, passphrase: PASSPHRASE, currentKey: 1 })
  expect(message).toContain('not a passphrase keyring: it is not JSON')
  expect(message).not.toContain(KEY)
})
