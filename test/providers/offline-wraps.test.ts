import { createHash, createPrivateKey, privateDecrypt, randomBytes } from 'node:crypto'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { LocalProvider } from '../../providers/local/index.js'
import { decryptHpke, encryptHpke } from '../../providers/offline/hpke.js'
import {
  OfflineRecipient,
  parsePublicKey,
  RECOVERY_ALGORITHMS,
  type RecoveryAlgorithmName,
  RecoveryProvider,
} from '../../providers/offline/index.js'
import { DataKey, EnvelopeCipher } from '../../src/index.js'
import { newRecoveryKey, PASSPHRASE, type TestRecoveryKey } from './recovery-keys.js'

const context = { 'waxseal-entity': 'credential', tenant: 'acme' }
const binding = { entity: 'credential', row: '1', context: { tenant: 'acme' } }
const field = { id: 'credential.password', kind: 'text' } as const
const LOCAL_KEY = randomBytes(32)

const code = 'ERR_DECRYPTION_FAILED'
const WRAPS: Record<RecoveryAlgorithmName, { version: string; length: number; probed: readonly number[] }> = {
  'rsa-oaep-256': { version: '1', length: 256, probed: [0, 100, 255] },
  x25519: { version: '2', length: 80, probed: Array.from({ length: 80 }, (_, index) => index) },
}

const bytesOf = (dataKey: DataKey) => dataKey.withBytes((raw) => Buffer.from(raw))
const prefixed = (text: string) => Buffer.concat([Buffer.of(0, 0, 0, text.length), Buffer.from(text)])
/** Of `{ tenant: 'acme' }`. */
const CANONICAL = Buffer.concat([Buffer.of(0, 0, 0, 1), prefixed('tenant'), prefixed('acme')])

const keys = {} as Record<RecoveryAlgorithmName, readonly [TestRecoveryKey, TestRecoveryKey]>
const recipientOf = ({ publicKey, confirmation }: TestRecoveryKey) => new OfflineRecipient({ publicKey, confirmation })
const serviceWith = (key: TestRecoveryKey) => {
  return new EnvelopeCipher({
    provider: new LocalProvider({ keys: { 1: Buffer.from(LOCAL_KEY) }, currentKey: 1 }),
    recipients: [recipientOf(key)],
  })
}
beforeAll(async () => {
  for (const name of RECOVERY_ALGORITHMS) keys[name] = await Promise.all([newRecoveryKey(name), newRecoveryKey(name)])
})

describe.each(RECOVERY_ALGORITHMS)('%s', (name) => {
  const recipient = () => recipientOf(keys[name][0])
  const recovery = () => new RecoveryProvider(keys[name][0].privateKey, PASSPHRASE)
  const { version, length, probed } = WRAPS[name]

  test('what a service wrote opens with the recovery key alone', async () => {
    const envelope = await serviceWith(keys[name][0]).mint(binding)
    const encrypted = envelope.encryptField(field, 'plain')
    const alone = new EnvelopeCipher({ provider: recovery(), cache: false })
    expect((await alone.open(envelope.metadata, binding)).decryptField(field, encrypted)).toBe('plain')
  })

  test('a wrap names the fingerprint of its key and the layout', async () => {
    const { kek, bytes } = await recipient().wrap(DataKey.generate(), context)
    expect(kek).toEqual({ provider: 'offline', id: parsePublicKey(keys[name][0].publicKey).fingerprint, version })
    expect(await recipient().currentKek({})).toEqual(kek)
    expect(bytes.length).toBe(length)
  })

  test('a wrap in another context is refused', async () => {
    const wrapped = await recipient().wrap(DataKey.generate(), context)
    for (const changed of [{ ...context, tenant: 'other' }, { tenant: 'acme' }, {}]) {
      await expect(recovery().unwrap(wrapped, changed)).rejects.toMatchObject({ code })
    }
  })

  test('a wrap that was altered is refused, in whatever place', async () => {
    const { kek, bytes } = await recipient().wrap(DataKey.generate(), context)
    for (const at of probed) {
      const altered = Buffer.from(bytes)
      altered[at]! ^= 0x80
      await expect(recovery().unwrap({ kek, bytes: altered }, context)).rejects.toMatchObject({ code })
    }
  })

  test('a wrap that was cut or made longer is refused', async () => {
    const { kek, bytes } = await recipient().wrap(DataKey.generate(), context)
    for (const altered of [
      bytes.subarray(1),
      bytes.subarray(0, -1),
      Buffer.concat([bytes, bytes]),
      bytes.subarray(0, 0),
    ]) {
      await expect(recovery().unwrap({ kek, bytes: altered }, context)).rejects.toMatchObject({ code })
    }
  })

  test('a wrap that names another key or another layout is refused', async () => {
    const { kek, bytes } = await recipient().wrap(DataKey.generate(), context)
    for (const changed of [
      { ...kek, id: '00' },
      { ...kek, version: '9' },
      { ...kek, provider: 'local' },
    ]) {
      await expect(recovery().unwrap({ kek: changed, bytes }, context)).rejects.toMatchObject({
        code: 'ERR_KEK_NOT_ACCEPTED',
      })
    }
  })

  test('rewrapping keeps a wrap of the recovery key as it is, and a new key replaces it', async () => {
    const [key, other] = keys[name]
    const { metadata } = await serviceWith(key).mint(binding)
    expect(await serviceWith(key).rewrap(metadata, binding)).toBe(metadata)
    const next = await serviceWith(other).rewrap(metadata, binding)
    expect(next.wraps.map(({ kek }) => kek.id)).toEqual(['local', parsePublicKey(other.publicKey).fingerprint])
    await new EnvelopeCipher({ provider: new RecoveryProvider(other.privateKey, PASSPHRASE) }).open(next, binding)
  })
})

test('a wrap of RSA-OAEP-256 is the data key and a hash of label, KEK ref and context', async () => {
  const dataKey = DataKey.generate()
  const [key] = keys['rsa-oaep-256']
  const { kek, bytes } = await recipientOf(key).wrap(dataKey, { tenant: 'acme' })
  const plaintext = privateDecrypt({ key: key.privateKey, passphrase: PASSPHRASE, oaepHash: 'sha256' }, bytes)
  const bound = ['waxseal offline wrap 1', kek.id, '1', CANONICAL.toString('latin1')].map(prefixed)
  expect(plaintext.subarray(0, 32)).toEqual(bytesOf(dataKey))
  expect(plaintext.subarray(32)).toEqual(createHash('sha256').update(Buffer.concat(bound)).digest())
})

test('a wrap of X25519 is the data key by HPKE, with a label as info and the context as AAD', async () => {
  const dataKey = DataKey.generate()
  const [{ privateKey, ...key }] = keys.x25519
  const { bytes } = await recipientOf({ privateKey, ...key }).wrap(dataKey, { tenant: 'acme' })
  const half = createPrivateKey({ key: privateKey, passphrase: PASSPHRASE })
  expect(decryptHpke(half, Buffer.from('waxseal offline wrap 2'), CANONICAL, bytes)).toEqual(bytesOf(dataKey))
})

test('a wrap of X25519 that somebody encrypted for something other than a data key is refused', async () => {
  const [key] = keys.x25519
  const { key: publicKey, kek } = parsePublicKey(key.publicKey)
  for (const size of [0, 31, 33, 64]) {
    const bytes = encryptHpke(publicKey, Buffer.from('waxseal offline wrap 2'), CANONICAL, randomBytes(size))
    const opened = new RecoveryProvider(key.privateKey, PASSPHRASE).unwrap({ kek, bytes }, { tenant: 'acme' })
    await expect(opened).rejects.toMatchObject({ code })
  }
})
