import type { ConnectProvider, ConnectRecipient } from '../../providers/index.js'
import { providers, wrapOnlyRecipients } from '../../providers/index.js'
import type { CallLedger } from '../kms/call-ledger.js'
import type { KmsProvider, WrapOnlyRecipient } from '../kms/provider.js'
import { RecordingProvider } from '../kms/recording-provider.js'
import { upkeepOf } from '../kms/upkeep.js'
import type { ProviderSection, RecipientSection } from './configuration.js'
import { isProvider, isRecipientSection, isWrapOnly } from './configuration-schema.js'

/**
 * The provider itself, or the one that a section describes, with all that it sends in `ledger`, where there is one. Loads
 * the provider's module when it is asked for.
 */
export async function connectProvider(
  choice: KmsProvider | ProviderSection,
  ledger: CallLedger | undefined,
): Promise<KmsProvider> {
  const provider = isProvider(choice) ? choice : await connectSection(choice, ledger)
  return ledger ? new RecordingProvider(provider, ledger) : provider
}

async function connectSection({ name, ...section }: ProviderSection, ledger: CallLedger | undefined) {
  const connect: ConnectProvider = await providers[name].connect()
  return connect(section, upkeepOf(ledger, name))
}

export async function connectRecipient(
  choice: KmsProvider | WrapOnlyRecipient | ProviderSection | RecipientSection,
  ledger: CallLedger | undefined,
): Promise<KmsProvider | WrapOnlyRecipient> {
  if (isWrapOnly(choice)) return choice
  if (!isRecipientSection(choice)) return connectProvider(choice, ledger)
  const { name, ...section } = choice
  const connect: ConnectRecipient = await wrapOnlyRecipients[name].connect()
  return connect(section)
}
