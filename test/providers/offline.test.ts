import { createHash, generateKeyPairSync, privateDecrypt, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { LocalProvider } from '../../providers/local/index.js'
import {
  answerChallenge,
  confirmChallenge,
  connectOffline,
  createChallenge,
  OfflineRecipient,
  parsePublicKey,
  RecoveryProvider,
} from '../../providers/offline/index.js'
import { DataKey, EnvelopeCipher } from '../../src/index.js'
import { newRecoveryKey, PASSPHRASE, type TestRecoveryKey } from './recovery-keys.js'

const context = { 'waxseal-entity': 'credential', tenant: 'acme' }
const binding = { entity: 'credential', row: '1', context: { tenant: 'acme' } }
const field = { id: 'credential.password', kind: 'text' } as const

const LOCAL_KEY = randomBytes(32)

let key: TestRecoveryKey
let other: TestRecoveryKey
beforeAll(async () => {
  ;[key, other] = await Promise.all([newRecoveryKey(), newRecoveryKey()])
})

const publicHalf = ({ publicKey, confirmation }: TestRecoveryKey) => ({ publicKey, confirmation })
const recipient = () => new OfflineRecipient(publicHalf(key))
const recovery = () => new RecoveryProvider(key.privateKey, PASSPHRASE)
const service = () => {
  return new EnvelopeCipher({
    provider: new LocalProvider({ keys: { 1: Buffer.from(LOCAL_KEY) }, currentKey: 1 }),
    recipients: [recipient()],
  })
}

test('what a service wrote opens with the recovery key alone', async () => {
  const envelope = await service().mint(binding)
  const encrypted = envelope.encryptField(field, 'plain')
  const alone = new EnvelopeCipher({ provider: recovery(), cache: false })
  expect((await alone.open(envelope.metadata, binding)).decryptField(field, encrypted)).toBe('plain')
})

test('a wrap names the fingerprint of its key and the layout', async () => {
  const { kek, bytes } = await recipient().wrap(DataKey.generate(), context)
  expect(kek).toEqual({ provider: 'offline', id: parsePublicKey(key.publicKey).fingerprint, version: '1' })
  expect(await recipient().currentKek({})).toEqual(kek)
  expect(bytes.length).toBe(256)
})

test('the layout is the data key and a hash of label, KEK ref and context, by RSA-OAEP with SHA-256', async () => {
  const dataKey = DataKey.generate()
  const { kek, bytes } = await recipient().wrap(dataKey, { tenant: 'acme' })
  const plaintext = privateDecrypt({ key: key.privateKey, passphrase: PASSPHRASE, oaepHash: 'sha256' }, bytes)
  const prefixed = (text: string) => Buffer.concat([Buffer.of(0, 0, 0, text.length), Buffer.from(text)])
  const canonical = Buffer.concat([Buffer.of(0, 0, 0, 1), prefixed('tenant'), prefixed('acme')])
  const bound = ['waxseal offline wrap 1', kek.id, '1', canonical.toString('latin1')].map(prefixed)
  expect(plaintext.subarray(0, 32)).toEqual(dataKey.withBytes((raw) => Buffer.from(raw)))
  expect(plaintext.subarray(32)).toEqual(createHash('sha256').update(Buffer.concat(bound)).digest())
})

describe('a wrap is refused', () => {
  test('in another context', async () => {
    const wrapped = await recipient().wrap(DataKey.generate(), context)
    for (const changed of [{ ...context, tenant: 'other' }, { tenant: 'acme' }, {}]) {
      await expect(recovery().unwrap(wrapped, changed)).rejects.toMatchObject({ code: 'ERR_DECRYPTION_FAILED' })
    }
  })

  test('when it was altered, in whatever place', async () => {
    const { kek, bytes } = await recipient().wrap(DataKey.generate(), context)
    for (const at of [0, 100, 255]) {
      const altered = Buffer.from(bytes)
      altered[at]! ^= 1
      await expect(recovery().unwrap({ kek, bytes: altered }, context)).rejects.toMatchObject({
        code: 'ERR_DECRYPTION_FAILED',
      })
    }
  })

  test('when it names another key or another layout', async () => {
    const { kek, bytes } = await recipient().wrap(DataKey.generate(), context)
    for (const changed of [
      { ...kek, id: '00' },
      { ...kek, version: '2' },
      { ...kek, provider: 'local' },
    ]) {
      await expect(recovery().unwrap({ kek: changed, bytes }, context)).rejects.toMatchObject({
        code: 'ERR_KEK_NOT_ACCEPTED',
      })
    }
  })
})

test('rewrapping keeps a wrap of the recovery key as it is, and a new key replaces it', async () => {
  const { metadata } = await service().mint(binding)
  expect(await service().rewrap(metadata, binding)).toBe(metadata)
  const replaced = new EnvelopeCipher({
    provider: new LocalProvider({ keys: { 1: Buffer.from(LOCAL_KEY) }, currentKey: 1 }),
    recipients: [new OfflineRecipient(publicHalf(other))],
  })
  const next = await replaced.rewrap(metadata, binding)
  expect(next.wraps.map(({ kek }) => kek.id)).toEqual(['local', parsePublicKey(other.publicKey).fingerprint])
  await new EnvelopeCipher({ provider: new RecoveryProvider(other.privateKey, PASSPHRASE) }).open(next, binding)
})

test('a private key where the public half belongs is refused', () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 })
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  for (const publicKey of [pem, key.privateKey]) {
    expect(() => new OfflineRecipient({ ...publicHalf(key), publicKey })).toThrow(/belongs on the offline machine/)
  }
})

test.each([
  ['an elliptic curve', () => generateKeyPairSync('ec', { namedCurve: 'P-256' })],
  ['1,024 bits', () => generateKeyPairSync('rsa', { modulusLength: 1_024 })],
])('a key of %s is refused', (_what, generate) => {
  const pem = generate().publicKey.export({ type: 'spki', format: 'pem' }).toString()
  expect(() => parsePublicKey(pem)).toThrow(/expected an RSA key of 2048 to 8192 bits/)
})

describe('a key without the confirmation of its own challenge is refused', () => {
  const code = 'ERR_CONFIGURATION'
  const refusal = (confirmation: string) => {
    try {
      new OfflineRecipient({ publicKey: key.publicKey, confirmation })
    } catch (error) {
      return error
    }
    return 'accepted'
  }

  test('that of another key', () => {
    expect(refusal(other.confirmation)).toMatchObject({ code, message: expect.stringMatching(/found that of/) })
  })

  test('one with another answer', () => {
    const forged = JSON.stringify({ ...JSON.parse(key.confirmation), answer: JSON.parse(other.confirmation).answer })
    expect(refusal(forged)).toMatchObject({ code, message: expect.stringMatching(/not that of the challenge/) })
  })

  test.each([
    ['nothing', ''],
    ['no object', '1'],
    ['null', 'null'],
    ['the challenge', () => createChallenge(parsePublicKey(key.publicKey))],
    ['a member too many', () => JSON.stringify({ ...JSON.parse(key.confirmation), more: '1' })],
    ['another format', () => JSON.stringify({ ...JSON.parse(key.confirmation), waxsealConfirmation: '2' })],
  ])('%s', (_what, confirmation) => {
    const text = typeof confirmation === 'string' ? confirmation : confirmation()
    expect(refusal(text)).toMatchObject({ code, message: expect.stringMatching(/expected a confirmation/) })
  })

  test('an option that there is not', () => {
    expect(() => new OfflineRecipient({ ...publicHalf(key), force: true } as never)).toThrow(/unknown option/)
  })
})

describe('a challenge', () => {
  const challenge = () => createChallenge(parsePublicKey(key.publicKey))

  test('is answered by the private half, and the answer confirms the key', async () => {
    const text = challenge()
    const confirmation = confirmChallenge(text, await answerChallenge(text, recovery()), new Date())
    expect(new OfflineRecipient({ publicKey: key.publicKey, confirmation }).name).toBe('offline')
  })

  test('is another each time, and the answer to one is none to another', async () => {
    const [first, second] = [challenge(), challenge()]
    const answer = await answerChallenge(first, recovery())
    expect(() => confirmChallenge(second, answer, new Date())).toThrow(/not that of the challenge/)
  })

  test('does not open with another key', async () => {
    const wrong = new RecoveryProvider(other.privateKey, PASSPHRASE)
    await expect(answerChallenge(challenge(), wrong)).rejects.toMatchObject({ code: 'ERR_KEK_NOT_ACCEPTED' })
  })
})

describe('in a configuration', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'waxseal-offline-'))
    writeFileSync(join(folder, 'public.pem'), key.publicKey)
    writeFileSync(join(folder, 'confirmation.json'), key.confirmation)
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  test('a section names the files of the key and of its confirmation', async () => {
    const [publicKeyFile, confirmationFile] = [join(folder, 'public.pem'), join(folder, 'confirmation.json')]
    const connected = await connectOffline({ publicKeyFile, confirmationFile })
    expect(await connected.currentKek({})).toEqual(recovery().kek)
    await expect(connectOffline({ publicKeyFile })).rejects.toThrow(/waxseal recovery-key confirm/)
    await expect(connectOffline({ confirmationFile })).rejects.toThrow(/"publicKeyFile" is missing/)
    const missing = { publicKeyFile, confirmationFile: join(folder, 'none.json') }
    await expect(connectOffline(missing)).rejects.toThrow(/names no file that can be read \(ENOENT\)/)
  })
})
