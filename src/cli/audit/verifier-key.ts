import type { Command } from 'commander'
import { type VerifierKey, verifierKeyOf } from '../../audit/integrity/note-key.js'
import type { SignerDeclaration } from '../../config/checkpoints-section.js'
import { openConfiguredLedger } from '../../config/connect-ledger.js'
import { connectSigningKey } from '../../config/connect-signing-key.js'
import { type LoadedConfiguration, loadConfiguration } from '../../config/load-configuration.js'
import { ConfigurationError } from '../../errors.js'
import { upkeepOf } from '../../kms/upkeep.js'
import { type ConfiguredOptions, withConfiguration } from '../configured.js'
import { printJson, printLine } from '../terminal.js'
import { checkpointsOf } from './checkpoints.js'

export function defineVerifierKey(command: Command): void {
  withConfiguration(command)
    .description('print the public key of what signs checkpoints; a KMS is asked for it')
    .option('--json', 'print JSON')
    .action(run)
}

interface Options extends ConfiguredOptions {
  readonly json?: true
}

async function run({ config, json }: Options): Promise<void> {
  const configuration = await loadConfiguration(config === undefined ? {} : { file: config })
  const { origin, signer, kmsSigner } = await checkpointsOf(configuration)
  const key = kmsSigner ? await askFor(configuration, origin, kmsSigner) : signer?.key
  if (!key) {
    throw new ConfigurationError(
      `${configuration.source}: expected "audit.checkpoints" with "keyFile" or "signer", found neither`,
    )
  }
  if (json) printJson({ verifierKey: key.text })
  else printLine(key.text)
}

async function askFor(
  configuration: LoadedConfiguration,
  origin: string,
  declared: SignerDeclaration,
): Promise<VerifierKey> {
  await using ledger = await openConfiguredLedger(configuration)
  const key = await connectSigningKey(declared, ledger)
  const ask = upkeepOf(ledger, declared.provider)
  return verifierKeyOf(origin, await ask('examine', (options) => key.publicKey(options)))
}
