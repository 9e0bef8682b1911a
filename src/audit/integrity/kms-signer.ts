import type { KeyObject } from 'node:crypto'
import { ConfigurationError } from '../../errors.js'
import type { CallLedger } from '../../kms/call-ledger.js'
import { type Clock, systemClock } from '../../kms/clock.js'
import { type CallOptions, describeKek, type KekRef } from '../../kms/provider.js'
import { recordedCall } from '../../kms/recorded-call.js'
import type { CheckpointSigner } from './checkpoint-signer.js'
import { isSignedBy, type VerifierKey } from './note-key.js'
import type { SigningAlgorithm } from './signature-type.js'

/** A key pair in a KMS that signs. The private key never leaves it. */
export interface KmsSigningKey {
  /** As the audit trail names it. */
  readonly kek: KekRef
  /** What the KMS says that it is: for whoever sets up, who hands it out. */
  publicKey(options: CallOptions): Promise<KeyObject>
  /** Ed25519 as of RFC 8032, or ECDSA with SHA-256 in DER. What is returned is not believed before it is verified. */
  sign(text: Uint8Array, algorithm: SigningAlgorithm, options: CallOptions): Promise<Uint8Array>
}

/**
 * Signs checkpoints by a KMS, each call in the ledger first. `key` comes from the configuration and not from the KMS, and each
 * signature is verified by it: whoever puts another key in its place there gets nothing signed that anybody would keep.
 */
export function kmsSigner(
  signingKey: KmsSigningKey,
  key: VerifierKey,
  ledger: CallLedger,
  clock: Clock = systemClock,
): CheckpointSigner {
  const { kek } = signingKey
  return {
    key,
    async sign(text) {
      const signature = await recordedCall(ledger, clock, {
        ...{ provider: kek.provider, operation: 'sign', kek, context: {}, options: {} },
        send: (options) => signingKey.sign(text, key.type.algorithm, options),
        kekOf: () => kek,
      })
      if (isSignedBy(key, text, signature)) return signature
      throw new ConfigurationError(
        `${describeKek(kek)}: expected a signature by the key ${key.text}, found one that it does not verify; nothing is stored. Find out who replaced the key; if it was rotated, "waxseal audit verifier-key" prints the new one, and the former belongs to "formerKeys"`,
      )
    },
  }
}
