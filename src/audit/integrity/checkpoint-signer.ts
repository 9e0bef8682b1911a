import { sign } from 'node:crypto'
import { parseSigningKey, type VerifierKey } from './note-key.js'

/**
 * Who signs checkpoints. It should be a key that nobody has who owns the tables: in a file of another machine, or in a KMS, with
 * an identity of its own.
 */
export interface CheckpointSigner {
  readonly key: VerifierKey
  /** As the type of the key has it: of Ed25519, or of ECDSA with SHA-256 in DER. */
  sign(text: Uint8Array): Promise<Uint8Array>
}

/** `signingKey` is as `waxseal audit keygen` writes it. */
export function signerOf(signingKey: string): CheckpointSigner {
  const { verifier, privateKey } = parseSigningKey(signingKey)
  return { key: verifier, sign: async (text) => sign(null, text, privateKey) }
}
