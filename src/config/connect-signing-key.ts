import { type ConnectSigningKey, signingKeys } from '../../providers/index.js'
import type { KmsSigningKey } from '../audit/integrity/kms-signer.js'
import type { CallLedger } from '../kms/call-ledger.js'
import { upkeepOf } from '../kms/upkeep.js'
import type { SignerDeclaration } from './checkpoints-section.js'

/** Loads the provider's module when it is asked for. Makes no call; what it sends beside its methods is in `ledger`. */
export async function connectSigningKey(
  { provider, ...section }: SignerDeclaration,
  ledger: CallLedger | undefined,
): Promise<KmsSigningKey> {
  const connect: ConnectSigningKey = await signingKeys[provider]()
  return connect(section, upkeepOf(ledger, provider))
}
