import { scryptSync } from 'node:crypto'
import { beforeAll, expect, test } from '@jest/globals'
import { createPassphraseKeyring, LocalProvider } from '../../providers/local/index.js'
import { unlockPassphraseKeyring } from '../../providers/local/passphrase-keyring.js'

const PASSPHRASE = 'test only: gravel otter plinth mängo'
const NEXT_PASSPHRASE = 'test only: velvet anchor tundra quilt'
let keyring = ''
let rotated = ''

beforeAll(async () => {
  keyring = await createPassphraseKeyring({ passphrase: PASSPHRASE })
  rotated = await createPassphraseKeyring({ passphrase: NEXT_PASSPHRASE, keyring })
})

function altered(change: (file: any) => void): string {
  const file = JSON.parse(keyring)
  change(file)
  return JSON.stringify(file)
}

async function refusalOf(call: Promise<unknown>): Promise<string> {
  const error = await call.then(
    () => expect('a keyring').toBe('refused'),
    (reason: unknown) => reason,
  )
  expect(error).toMatchObject({ code: 'ERR_CONFIGURATION' })
  expect((error as Error).message).toMatch(/^provider "local": .*[^.]$/)
  return (error as Error).message
}

test('a keyring holds salt, cost and fingerprint, and nothing else', () => {
  expect(JSON.parse(keyring)).toEqual({
    waxsealKeyring: 1,
    keys: [
      {
        number: 1,
        salt: expect.stringMatching(/^[\w-]{22}$/),
        scrypt: { n: 131072, r: 8, p: 1 },
        fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
      },
    ],
  })
  expect(keyring).not.toContain('otter')
})

test('the key is scrypt of the passphrase in NFC with the stored salt and cost', async () => {
  const { salt } = JSON.parse(keyring).keys[0]
  const options = { N: 131072, r: 8, p: 1, maxmem: 2 ** 28 }
  const expected = scryptSync(PASSPHRASE.normalize('NFC'), Buffer.from(salt, 'base64url'), 32, options)
  const found = unlockPassphraseKeyring(keyring, PASSPHRASE.normalize('NFD'))
  await expect(found).resolves.toEqual({ 1: expected })
})

test('the same passphrase gives another key each time', async () => {
  const again = await createPassphraseKeyring({ passphrase: PASSPHRASE, keyring })
  const [first, second] = JSON.parse(again).keys
  expect(second.number).toBe(2)
  expect(second.salt).not.toBe(first.salt)
  expect(second.fingerprint).not.toBe(first.fingerprint)
})

test('a rotation to another passphrase keeps the old key, and both passphrases open it', async () => {
  expect(JSON.parse(rotated).keys[0]).toEqual(JSON.parse(keyring).keys[0])
  const open = (text: string, passphrases: string, currentKey: number) =>
    unlockPassphraseKeyring(text, passphrases).then((keys) => new LocalProvider({ keys, currentKey }))
  const { dataKey, wrapped } = await (await open(keyring, PASSPHRASE, 1)).generateDataKey({})
  const provider = await open(rotated, `${NEXT_PASSPHRASE}\n${PASSPHRASE}\n`, 2)
  const rewrapped = await provider.rewrap(wrapped, {})
  expect(rewrapped.kek.version).toMatch(/^2-/)
  const found = await provider.unwrap(rewrapped, {})
  expect(found.keyObject.equals(dataKey.keyObject)).toBe(true)
})

test('a rotated keyring is refused without the passphrase of its older key', async () => {
  expect(await refusalOf(unlockPassphraseKeyring(rotated, NEXT_PASSPHRASE))).toContain('no passphrase gives key 1')
})

for (const [what, passphrase, message] of [
  ['15 characters', 'test only: 1234', 'must have at least 16 characters, found 15'],
  ['15 characters of two code units', '🔑🦦🥭🧱🪨🌋🌊🌌🌍🌎🌏🌐🌑🌒🌓', 'found 15'],
  ['seven different characters', 'abcdefgabcdefgabcdefg', 'must have at least 8 different characters, found 7'],
  ['a placeholder', 'change-me-to-a-real-passphrase', 'is a placeholder'],
  ['a famous example', 'correct horse battery staple', 'is a placeholder'],
] as const) {
  test(`a passphrase of ${what} is refused and not repeated, when it is made and when it is used`, async () => {
    for (const use of [
      () => createPassphraseKeyring({ passphrase }),
      () => unlockPassphraseKeyring(keyring, passphrase),
    ]) {
      const found = await refusalOf(use())
      expect(found).toContain(message)
      expect(found).not.toContain(passphrase)
    }
  })
}

for (const lineEnd of ['\n', '\r\n', '\r']) {
  test(`a passphrase with the line end ${JSON.stringify(lineEnd)} makes no keyring: it could not be given back`, async () => {
    const passphrase = `${PASSPHRASE}${lineEnd}${NEXT_PASSPHRASE}`
    expect(await refusalOf(createPassphraseKeyring({ passphrase }))).toContain('must be one line')
  })
}

test('an empty passphrase is refused', async () => {
  expect(await refusalOf(unlockPassphraseKeyring(keyring, '\n'))).toContain('the passphrase is empty')
})

for (const [what, scrypt] of [
  ['weak', { n: 65_536, r: 8, p: 1 }],
  ['no power of two', { n: 200_000, r: 8, p: 1 }],
  ['too high for any machine', { n: 2 ** 21, r: 8, p: 1 }],
  ['of small blocks', { n: 131_072, r: 4, p: 1 }],
  ['of huge blocks', { n: 131_072, r: 1024, p: 1 }],
  ['without a pass', { n: 131_072, r: 8, p: 0 }],
  ['of too many passes', { n: 131_072, r: 8, p: 9 }],
  ['text', { n: '131072', r: 8, p: 1 }],
] as const) {
  test(`a scrypt cost that is ${what} is refused, when it is made and when it is used`, async () => {
    const cost = scrypt as { n: number; r: number; p: number }
    const text = altered((file) => Object.assign(file.keys[0], { scrypt }))
    for (const use of [
      () => createPassphraseKeyring({ passphrase: PASSPHRASE, cost }),
      () => unlockPassphraseKeyring(text, PASSPHRASE),
    ]) {
      expect(await refusalOf(use())).toContain('the scrypt cost must be n = 2^17 to 2^20, r = 8, p = 1 to 8')
    }
  })
}

const ALTERED: readonly (readonly [string, (file: any) => void, string])[] = [
  ['another format', (file) => Object.assign(file, { waxsealKeyring: 2 }), '"waxsealKeyring" must be 1'],
  ['a member more', (file) => Object.assign(file, { note: '' }), 'exactly the members waxsealKeyring, keys'],
  ['no list of keys', (file) => Object.assign(file, { keys: {} }), '"keys" must be a list'],
  ['no key', (file) => Object.assign(file, { keys: [] }), '"keys" must be a list'],
  ['too many keys', (file) => Object.assign(file, { keys: Array(33).fill(file.keys[0]) }), 'a list of 1 to 32'],
  ['a number twice', (file) => file.keys.push(file.keys[0]), 'two keys have the same number'],
  ['a key without a salt', (file) => delete file.keys[0].salt, 'exactly the members number, salt'],
  ['a short salt', (file) => Object.assign(file.keys[0], { salt: 'AAAA' }), '"keys[].salt" must be 16 bytes'],
  ['a salt that is no text', (file) => Object.assign(file.keys[0], { salt: 5 }), '"keys[].salt" must be 16 bytes'],
  ['a number 0', (file) => Object.assign(file.keys[0], { number: 0 }), 'a key number must be'],
  ['a number as text', (file) => Object.assign(file.keys[0], { number: '1' }), 'a key number must be'],
  [
    'a long fingerprint',
    (file) => Object.assign(file.keys[0], { fingerprint: 'a'.repeat(17) }),
    '16 hexadecimal digits',
  ],
  ['a cost without p', (file) => delete file.keys[0].scrypt.p, 'exactly the members n, r, p'],
  ['another salt', (file) => Object.assign(file.keys[0], { salt: 'A'.repeat(22) }), 'no passphrase gives key 1'],
]

for (const [what, change, message] of ALTERED) {
  test(`a keyring with ${what} is refused`, async () => {
    expect(await refusalOf(unlockPassphraseKeyring(altered(change), PASSPHRASE))).toContain(message)
  })
}

for (const text of ['', 'null', '[]', '5', '"text"', '{"__proto__":{}}']) {
  test(`${JSON.stringify(text)} is no keyring`, async () => {
    expect(await refusalOf(unlockPassphraseKeyring(text, PASSPHRASE))).toContain('not a passphrase keyring')
  })
}
