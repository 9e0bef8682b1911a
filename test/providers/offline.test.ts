import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import {
  answerChallenge,
  confirmChallenge,
  connectOffline,
  createChallenge,
  OfflineRecipient,
  parsePublicKey,
  RecoveryProvider,
} from '../../providers/offline/index.js'
import { newRecoveryKey, PASSPHRASE, type TestRecoveryKey } from './recovery-keys.js'

let key: TestRecoveryKey
let other: TestRecoveryKey
beforeAll(async () => {
  ;[key, other] = await Promise.all([newRecoveryKey(), newRecoveryKey()])
})

const publicHalf = ({ publicKey, confirmation }: TestRecoveryKey) => ({ publicKey, confirmation })
const recovery = () => new RecoveryProvider(key.privateKey, PASSPHRASE)
test('a private key where the public half belongs is refused', () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 })
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  for (const publicKey of [pem, key.privateKey]) {
    expect(() => new OfflineRecipient({ ...publicHalf(key), publicKey })).toThrow(/belongs on the offline machine/)
  }
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
