import type { ConnectProvider, ConnectRecipient } from '../../providers/index.js'
import { providers, wrapOnlyRecipients } from '../../providers/index.js'
import type { KmsProvider, WrapOnlyRecipient } from '../kms/provider.js'
import type { ProviderSection, RecipientSection } from './configuration.js'
import { isProvider, isRecipientSection, isWrapOnly } from './configuration-schema.js'

/** The provider itself, or the one that a section describes. Loads the provider's module when it is asked for. */
export async function connectProvider(choice: KmsProvider | ProviderSection): Promise<KmsProvider> {
  if (isProvider(choice)) return choice
  const { name, ...section } = choice
  const connect: ConnectProvider = await providers[name].connect()
  return connect(section)
}

export async function connectRecipient(
  choice: KmsProvider | WrapOnlyRecipient | ProviderSection | RecipientSection,
): Promise<KmsProvider | WrapOnlyRecipient> {
  if (isWrapOnly(choice)) return choice
  if (!isRecipientSection(choice)) return connectProvider(choice)
  const { name, ...section } = choice
  const connect: ConnectRecipient = await wrapOnlyRecipients[name].connect()
  return connect(section)
}
