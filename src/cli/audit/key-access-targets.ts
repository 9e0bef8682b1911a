import { providers } from '../../../providers/index.js'
import { isProvider, isRecipientSection, isWrapOnly } from '../../config/configuration-schema.js'
import { connectRecipient } from '../../config/connect-provider.js'
import type { LoadedConfiguration } from '../../config/load-configuration.js'
import type { KeyAccess } from '../../kms/key-access.js'

/** Something that holds KEKs, and how to ask it who may use them. */
export interface KeyAccessTarget {
  readonly place: string
  read(): Promise<readonly KeyAccess[]>
}

type Choice = LoadedConfiguration['recipients'][number]

/** All that can open envelopes of the configuration. */
export function keyAccessTargets({ provider, recipients, accepted }: LoadedConfiguration): readonly KeyAccessTarget[] {
  return [
    { place: 'provider', read: () => read(provider) },
    ...recipients.map((each, index) => ({ place: `recipients[${index}]`, read: () => read(each) })),
    ...accepted.map((each, index) => ({ place: `accepted[${index}]`, read: () => read(each.provider) })),
  ]
}

async function read(choice: Choice): Promise<readonly KeyAccess[]> {
  if (isWrapOnly(choice) || isRecipientSection(choice)) {
    return unlisted(choice, 'whoever holds the private half of a recovery key may open with it; no KMS lists them')
  }
  if (isProvider(choice)) {
    return unlisted(choice, 'its provider is configured as an object of its own, of whose policy nothing is known')
  }
  const { name, ...section } = choice
  const { readKeyAccess } = await providers[name].access()
  return readKeyAccess(section)
}

async function unlisted(choice: Choice, reason: string): Promise<readonly KeyAccess[]> {
  const { provider, id } = await (await connectRecipient(choice, undefined)).currentKek({})
  return [{ provider, kekId: id, principals: [], limits: [], unread: [reason] }]
}
