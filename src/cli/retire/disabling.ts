import { type ProviderName, providers, type WrapOnlyName, wrapOnlyRecipients } from '../../../providers/index.js'
import type { Disabling } from '../../kms/disabling.js'
import type { KekRef } from '../../kms/provider.js'

const KNOWN = { ...providers, ...wrapOnlyRecipients }

/** How the version is disabled at its KMS, as far as its provider is one of ours. */
export async function disablingOf(kek: KekRef): Promise<Disabling> {
  if (!Object.hasOwn(KNOWN, kek.provider)) {
    return {
      explanation: `provider "${kek.provider}" is your own: disable the version as its KMS does it`,
      commands: [],
    }
  }
  const describe = await KNOWN[kek.provider as ProviderName | WrapOnlyName].disabling()
  return describe(kek)
}
