import { hash, timingSafeEqual } from 'node:crypto'
import type { DataKey } from '../kms/data-key.js'
import { COMMITMENT_BYTES } from './format.js'

/** Must not change: every stored field depends on it. */
const LABEL = Buffer.from('waxseal data key commitment 1', 'ascii')

/**
 * SHA-256(label ‖ data key ‖ envelope id). AES-GCM alone does not commit to its key: one ciphertext can be made to open
 * under two (Dodis et al., CRYPTO 2018). With this in each field, in the metadata and in the AAD, a stored field opens
 * under one data key only, whatever the metadata says.
 */
export function commitmentOf(dataKey: DataKey, envelopeId: Uint8Array): Buffer {
  return dataKey.withBytes((key) => {
    const input = Buffer.concat([LABEL, key, envelopeId])
    const commitment = hash('sha256', input, 'buffer')
    input.fill(0)
    return commitment
  })
}

/** In constant time, since one side was computed from a secret. */
export function isCommitmentOf(dataKey: DataKey, envelopeId: Uint8Array, commitment: Uint8Array): boolean {
  return commitment.length === COMMITMENT_BYTES && timingSafeEqual(commitmentOf(dataKey, envelopeId), commitment)
}
