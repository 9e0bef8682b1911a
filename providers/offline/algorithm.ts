import type { KeyObject } from 'node:crypto'
import type { EncryptionContext } from '../../src/kms/context.js'
import type { KekRef } from '../../src/kms/provider.js'

/** What a kind of recovery key does. */
export interface RecoveryAlgorithm {
  readonly keyType: KeyObject['asymmetricKeyType']
  /** Of the layout of its wraps. Another layout gets another version, so that rows say how they are opened. */
  readonly version: string
  generate(): Promise<{ readonly privateKey: KeyObject; readonly publicKey: KeyObject }>
  /** Why nothing may be wrapped under a public key of this type; undefined for one that is as it should be. */
  problemOf(publicKey: KeyObject): string | undefined
  wrap(publicKey: KeyObject, kek: KekRef, dataKey: Uint8Array, context: EncryptionContext): Buffer
  /** The bytes of the data key, which are the caller's. Undefined for what was altered or belongs elsewhere. */
  open(privateKey: KeyObject, kek: KekRef, wrapped: Uint8Array, context: EncryptionContext): Buffer | undefined
}
