import { spawnSync } from 'node:child_process'
import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import { encryptPkcs8 } from '../../providers/offline/encrypt-pkcs8.js'
import { createRecoveryKey, parsePublicKey, RecoveryProvider } from '../../providers/offline/index.js'
import { decryptOaep } from '../../providers/offline/rsa-oaep.js'
import { withSharedData } from '../setup/shared-data.js'
import { PASSPHRASE } from './recovery-keys.js'

test('a new key has 3,072 bits and an encrypted private half, which its passphrase opens and no other', async () => {
  const { privateKey, publicKey } = await createRecoveryKey(PASSPHRASE)
  const { key, fingerprint } = parsePublicKey(publicKey)
  expect(key.asymmetricKeyDetails?.modulusLength).toBe(3_072)
  expect(privateKey).toMatch(/^-----BEGIN ENCRYPTED PRIVATE KEY-----\n/)
  expect(new RecoveryProvider(privateKey, PASSPHRASE).kek.id).toBe(fingerprint)
  const wrong = () => new RecoveryProvider(privateKey, `${PASSPHRASE}s`)
  expect(wrong).toThrow(/found a file or a passphrase that do not fit/)
  expect(wrong).not.toThrow(PASSPHRASE)
})

test('a new key of X25519 does too', async () => {
  const { privateKey, publicKey } = await createRecoveryKey(PASSPHRASE, 'x25519')
  const { key, fingerprint } = parsePublicKey(publicKey)
  expect(key.asymmetricKeyType).toBe('x25519')
  expect(privateKey).toMatch(/^-----BEGIN ENCRYPTED PRIVATE KEY-----\n/)
  expect(new RecoveryProvider(privateKey, PASSPHRASE).kek.id).toBe(fingerprint)
})

test('a new key of another algorithm is refused', async () => {
  const made = createRecoveryKey(PASSPHRASE, 'toString' as never)
  await expect(made).rejects.toThrow(/expected the algorithm rsa-oaep-256 or x25519/)
})

test('a short passphrase is refused and not repeated', async () => {
  const refused = createRecoveryKey('fifteen letters')
  await expect(refused).rejects.toThrow(/at least 16 characters/)
  await expect(refused).rejects.not.toThrow(/fifteen letters/)
})

describe.each([
  ['of RSA', () => generateKeyPairSync('rsa', { modulusLength: 2_048 })],
  ['of X25519', () => generateKeyPairSync('x25519')],
])('the encrypted private half %s', (_what, generate) => {
  const { privateKey } = generate()
  const der = privateKey.export({ type: 'pkcs8', format: 'der' })

  test('is PKCS#8 with scrypt of N = 2^14, r = 8, p = 8, as openssl reads it', async () => {
    const pem = await encryptPkcs8(der, PASSPHRASE)
    const openssl = (...args: string[]) =>
      spawnSync('openssl', args, { input: pem, env: { ...process.env, PASSPHRASE } })
    const structure = openssl('asn1parse').stdout.toString()
    expect(structure).toMatch(
      /:PBES2[\s\S]*:scrypt[\s\S]*INTEGER +:4000\n.*INTEGER +:08\n.*INTEGER +:08\n[\s\S]*:aes-256-cbc/,
    )
    const opened = openssl('pkcs8', '-passin', 'env:PASSPHRASE', '-outform', 'DER', '-topk8', '-nocrypt')
    expect(createPrivateKey({ key: opened.stdout, format: 'der', type: 'pkcs8' }).equals(privateKey)).toBe(true)
  })

  test('is DER: each length in its shortest form', async () => {
    const pem = await encryptPkcs8(der, PASSPHRASE)
    const structure = spawnSync('openssl', ['asn1parse'], { input: pem }).stdout.toString()
    const headers = [...structure.matchAll(/hl=(\d+) l= *(\d+)/g)].map(([, size, length]) => [
      Number(size),
      Number(length),
    ])
    expect(headers.length).toBeGreaterThan(10)
    for (const [size, length] of headers) expect(size).toBe(length! < 0x80 ? 2 : length! < 0x100 ? 3 : 4)
  })

  test('has a salt and an iv of its own each time', async () => {
    const [first, second] = await Promise.all([encryptPkcs8(der, PASSPHRASE), encryptPkcs8(der, PASSPHRASE)])
    expect(first).not.toBe(second)
    for (const key of [first, second]) {
      expect(createPrivateKey({ key, passphrase: PASSPHRASE }).equals(privateKey)).toBe(true)
    }
  })
})

interface Group {
  readonly privateKeyPem: string
  readonly tests: readonly {
    readonly tcId: number
    readonly comment: string
    readonly msg: string
    readonly ct: string
    readonly label: string
    readonly result: 'valid' | 'invalid'
  }[]
}

withSharedData('Wycheproof RSA-OAEP', 'vectors/wycheproof/rsa_oaep_2048_sha256_mgf1sha256_test.json', (content) => {
  const [group] = JSON.parse(content).testGroups as readonly [Group]
  const key = createPrivateKey(group.privateKeyPem)

  describe('Wycheproof RSA-OAEP', () => {
    test('10 of 37 cases open: the others are invalid, or have a label', () => {
      expect(group.tests.length).toBe(37)
      expect(group.tests.filter(opens).length).toBe(10)
    })

    for (const each of group.tests) {
      test(`case ${each.tcId} ${opens(each) ? 'opens' : 'does not open'}${each.comment && `: ${each.comment}`}`, () => {
        const opened = decryptOaep(key, Buffer.from(each.ct, 'hex'))?.toString('hex')
        expect(opened).toBe(opens(each) ? each.msg : undefined)
      })
    }
  })
})

function opens({ result, label }: Group['tests'][number]): boolean {
  return result === 'valid' && label === ''
}
