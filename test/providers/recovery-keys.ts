import { generateKeyPair } from 'node:crypto'
import { promisify } from 'node:util'
import {
  answerChallenge,
  confirmChallenge,
  createChallenge,
  parsePublicKey,
  type RecoveryAlgorithmName,
  RecoveryProvider,
} from '../../providers/offline/index.js'

export const PASSPHRASE = 'seven lamps under a copper bridge'

export interface TestRecoveryKey {
  readonly privateKey: string
  readonly publicKey: string
  readonly confirmation: string
}

const ENCODINGS = {
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: PASSPHRASE },
} as const

const GENERATE = {
  'rsa-oaep-256': () => promisify(generateKeyPair)('rsa', { modulusLength: 2_048, ...ENCODINGS }),
  x25519: () => promisify(generateKeyPair)('x25519', ENCODINGS),
} satisfies Record<RecoveryAlgorithmName, unknown>

/** A recovery key that was confirmed. RSA of 2,048 bits, and stretched little: tests make many. */
export async function newRecoveryKey(algorithm: RecoveryAlgorithmName = 'rsa-oaep-256'): Promise<TestRecoveryKey> {
  const { privateKey, publicKey } = await GENERATE[algorithm]()
  const challenge = createChallenge(parsePublicKey(publicKey))
  const answer = await answerChallenge(challenge, new RecoveryProvider(privateKey, PASSPHRASE))
  return { privateKey, publicKey, confirmation: confirmChallenge(challenge, answer, new Date()) }
}
