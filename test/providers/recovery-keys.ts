import { generateKeyPair } from 'node:crypto'
import { promisify } from 'node:util'
import {
  answerChallenge,
  confirmChallenge,
  createChallenge,
  parsePublicKey,
  RecoveryProvider,
} from '../../providers/offline/index.js'

export const PASSPHRASE = 'seven lamps under a copper bridge'

export interface TestRecoveryKey {
  readonly privateKey: string
  readonly publicKey: string
  readonly confirmation: string
}

/** A recovery key that was confirmed. Of 2,048 bits, and stretched little: tests make many. */
export async function newRecoveryKey(): Promise<TestRecoveryKey> {
  const { privateKey, publicKey } = await promisify(generateKeyPair)('rsa', {
    modulusLength: 2_048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: PASSPHRASE },
  })
  const challenge = createChallenge(parsePublicKey(publicKey))
  const answer = await answerChallenge(challenge, new RecoveryProvider(privateKey, PASSPHRASE))
  return { privateKey, publicKey, confirmation: confirmChallenge(challenge, answer, new Date()) }
}
