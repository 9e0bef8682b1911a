import { type ConnectSigningKey, signingKeys } from '../../providers/index.js'
import type { KmsSigningKey } from '../audit/integrity/kms-signer.js'
import type { SignerDeclaration } from './checkpoints-section.js'

/** Loads the provider's module when it is asked for. Makes no call. */
export async function connectSigningKey({ provider, ...section }: SignerDeclaration): Promise<KmsSigningKey> {
  const connect: ConnectSigningKey = await signingKeys[provider]()
  return connect(section)
}
