import { createHash, randomBytes } from 'node:crypto'
import { ConfigurationError } from '../../src/errors.js'
import type { EncryptionContext } from '../../src/kms/context.js'
import { DataKey } from '../../src/kms/data-key.js'
import { parseRecord } from './parse-record.js'
import type { RecoveryPublicKey } from './public-key.js'
import type { RecoveryProvider } from './recovery-provider.js'
import { wrapFor } from './wrap.js'

const ANSWER_LABEL = 'waxseal recovery answer 1'
const CHALLENGE = ['waxsealChallenge', 'key', 'id', 'wrapped', 'expected'] as const
const CONFIRMATION = ['waxsealConfirmation', 'key', 'id', 'expected', 'answer', 'confirmedAt'] as const

/**
 * A wrap that only the private half opens, as text without a secret. What opens it is the proof that the key which is about
 * to wrap is one that somebody can use, with the passphrase and the tools that will be at hand then.
 */
export function createChallenge(publicKey: RecoveryPublicKey): string {
  const id = randomBytes(16).toString('base64url')
  const secret = DataKey.generate()
  const wrapped = Buffer.from(wrapFor(publicKey, secret, contextOf(id)).bytes).toString('base64url')
  const expected = hashOf(answerOf(secret, id))
  return `${JSON.stringify({ waxsealChallenge: '1', key: publicKey.fingerprint, id, wrapped, expected }, null, 2)}\n`
}

/** On the offline machine: the answer that `confirmChallenge` asks for. */
export async function answerChallenge(challenge: string, recovery: RecoveryProvider): Promise<string> {
  const { key, id, wrapped } = parseRecord('challenge', CHALLENGE, challenge)
  const kek = { ...recovery.kek, id: key }
  const secret = await recovery.unwrap({ kek, bytes: Buffer.from(wrapped, 'base64url') }, contextOf(id))
  return answerOf(secret, id)
}

/** The confirmation, as text: without it `OfflineRecipient` does not wrap. */
export function confirmChallenge(challenge: string, answer: string, now: Date): string {
  const { key, id, expected } = parseRecord('challenge', CHALLENGE, challenge)
  const confirmation = { waxsealConfirmation: '1', key, id, expected, answer, confirmedAt: now.toISOString() }
  assertAnswered(confirmation)
  return `${JSON.stringify(confirmation, null, 2)}\n`
}

/** Throws `ConfigurationError` unless the text confirms the key with this fingerprint. */
export function assertConfirmed(confirmation: string, fingerprint: string): void {
  const record = parseRecord('confirmation', CONFIRMATION, confirmation)
  if (record.key !== fingerprint) {
    throw new ConfigurationError(
      `recipient "offline": expected the confirmation of key ${fingerprint}, found that of ${record.key}; ` +
        'confirm this key with "waxseal recovery-key challenge"',
    )
  }
  assertAnswered(record)
}

function assertAnswered({ answer, expected }: { readonly answer: string; readonly expected: string }): void {
  if (hashOf(answer) === expected) return
  throw new ConfigurationError(
    'recipient "offline": the answer is not that of the challenge; answer it with the private half of this key, by ' +
      '"waxseal recovery-key answer"',
  )
}

function answerOf(secret: DataKey, id: string): string {
  return secret.withBytes((bytes) =>
    createHash('sha256').update(ANSWER_LABEL).update(bytes).update(id).digest('base64url'),
  )
}

const hashOf = (answer: string) => createHash('sha256').update(answer).digest('base64url')

function contextOf(id: string): EncryptionContext {
  return { 'waxseal-entity': 'waxseal-recovery-challenge', 'waxseal-envelope': id }
}
