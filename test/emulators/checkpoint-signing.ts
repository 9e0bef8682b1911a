import { expect } from '@jest/globals'
import { checkpointText, verifyCheckpoint } from '../../src/audit/integrity/checkpoint.js'
import { type KmsSigningKey, kmsSigner } from '../../src/audit/integrity/kms-signer.js'
import { parseVerifierKey, verifierKeyOf } from '../../src/audit/integrity/note-key.js'
import type { SigningAlgorithm } from '../../src/audit/integrity/signature-type.js'
import { noteOf } from '../../src/audit/integrity/signed-note.js'
import { InMemoryCallLedger } from '../../src/index.js'
import type { DeclareTest } from '../../src/testing/kms-provider-contract.js'

const HEAD = { origin: 'audit.example/log', size: 3, root: Buffer.alloc(32, 1) }

export const signsCheckpoints = (algorithm: SigningAlgorithm) =>
  `a key of ${algorithm} signs one that its public key alone verifies, and no other key signs in its place`

/** `connect` makes a key of its own at each call. */
export function testCheckpointSigning(
  declare: DeclareTest,
  connect: (algorithm: SigningAlgorithm) => Promise<KmsSigningKey>,
): void {
  for (const algorithm of ['ed25519', 'ecdsa-p256'] as const) {
    declare(`checkpoints: ${signsCheckpoints(algorithm)}`, async () => {
      const [signing, other] = [await connect(algorithm), await connect(algorithm)]
      const key = verifierKeyOf(HEAD.origin, await signing.publicKey({}))
      const text = checkpointText(HEAD)
      const ledger = new InMemoryCallLedger()
      const note = noteOf(text, key, await kmsSigner(signing, key, ledger).sign(Buffer.from(text)))
      expect(verifyCheckpoint(note, [parseVerifierKey(key.text)])).toEqual(HEAD)
      expect(verifyCheckpoint(note, [verifierKeyOf(HEAD.origin, await other.publicKey({}))])).toBeUndefined()
      await expect(kmsSigner(other, key, ledger).sign(Buffer.from(text))).rejects.toMatchObject({
        code: 'ERR_CONFIGURATION',
        message: expect.stringContaining('found one that it does not verify'),
      })
    })
  }
}
