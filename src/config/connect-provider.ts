import type { ConnectProvider } from '../../providers/index.js'
import { providers } from '../../providers/index.js'
import type { KmsProvider, WrapOnlyRecipient } from '../kms/provider.js'
import type { ProviderSection } from './configuration.js'
import { isProvider, isWrapOnly } from './configuration-schema.js'

/** The provider itself, or the one that a section describes. Loads the provider's module when it is asked for. */
export async function connectProvider(choice: KmsProvider | ProviderSection): Promise<KmsProvider> {
  if (isProvider(choice)) return choice
  const { name, ...section } = choice
  const connect: ConnectProvider = await providers[name].connect()
  return connect(section)
}

export async function connectRecipient(
  choice: KmsProvider | WrapOnlyRecipient | ProviderSection,
): Promise<KmsProvider | WrapOnlyRecipient> {
  return isWrapOnly(choice) ? choice : connectProvider(choice)
}
