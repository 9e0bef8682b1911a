import type { DataSource } from 'typeorm'
import { withActor } from '../../audit/actor/actor.js'
import type { CheckpointSigner } from '../../audit/integrity/checkpoint-signer.js'
import { kmsSigner } from '../../audit/integrity/kms-signer.js'
import { openLedger } from '../../audit/ledger/open-ledger.js'
import { connectSigningKey } from '../../config/connect-signing-key.js'
import type { LoadedConfiguration } from '../../config/load-configuration.js'
import { ConfigurationError } from '../../errors.js'
import { connectionOf } from '../database.js'
import type { Checkpoints } from './checkpoints.js'

export interface Signing {
  readonly configuration: LoadedConfiguration
  readonly dataSource: DataSource | undefined
  readonly checkpoints: Checkpoints
  /** The command that signs, for the ledger. */
  readonly command: string
}

/** Runs something with who signs for the log. A call to a KMS is one of ours: the ledger has it, or nobody accounts for it. */
export async function withSigner<T>(
  { configuration, dataSource, checkpoints, command }: Signing,
  use: (signer: CheckpointSigner) => Promise<T>,
): Promise<T> {
  const { signer, kmsSigner: declared, key } = checkpoints
  if (signer) return use(signer)
  if (!declared || !key) {
    throw new ConfigurationError(
      `${configuration.source}: expected "audit.checkpoints" with "keyFile", the key that signs, or with "signer" and "verifierKey", found neither; "waxseal audit verifier-key" prints the key of a "signer"`,
    )
  }
  const connection = connectionOf(configuration, dataSource)
  await using ledger = await openLedger({ connection, connections: 1, label: command })
  const signingKey = await connectSigningKey(declared, ledger)
  // Awaited here, for the ledger is closed behind it.
  return await withActor({ actor: command, purpose: 'checkpoint' }, () => use(kmsSigner(signingKey, key, ledger)))
}
