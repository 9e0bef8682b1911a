import { hash, timingSafeEqual } from 'node:crypto'
import type { DataKey } from '../kms/data-key.js'

/** Must not change: every stored field depends on it. */
const LABEL = Buffer.from('waxseal data key commitment 1', 'ascii')

/**
 * SHA-256(label ‖ data key ‖ envelope id) in base64url. AES-GCM alone does not commit to its key: one ciphertext can be made to open
 * under two (Dodis et al., CRYPTO 2018). With this in each field, in the metadata and in the AAD, a stored field opens
 * under one data key only, whatever the metadata says.
 */
export function commitmentOf(dataKey: DataKey, envelopeId: Uint8Array): string {
  return dataKey.withBytes((key) => {
    const input = Buffer.concat([LABEL, key, envelopeId])
    const commitment = hash('sha256', input, 'base64url')
    input.fill(0)
    return commitment
  })
}

/** In constant time, since one side was computed from a secret. */
export function isCommitmentOf(dataKey: DataKey, envelopeId: Uint8Array, commitment: string): boolean {
  const [computed, stored] = [Buffer.from(commitmentOf(dataKey, envelopeId)), Buffer.from(commitment)]
  return computed.length === stored.length && timingSafeEqual(computed, stored)
}
