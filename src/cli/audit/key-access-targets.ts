import { providers } from '../../../providers/index.js'
import { isProvider, isRecipientSection, isWrapOnly } from '../../config/configuration-schema.js'
import { connectRecipient } from '../../config/connect-provider.js'
import type { LoadedConfiguration } from '../../config/load-configuration.js'
import type { CallLedger } from '../../kms/call-ledger.js'
import type { KeyAccess } from '../../kms/key-access.js'
import { upkeepOf } from '../../kms/upkeep.js'

/** Something that holds KEKs, and how to ask it who may use them. */
export interface KeyAccessTarget {
  readonly place: string
  read(): Promise<readonly KeyAccess[]>
}

type Choice = LoadedConfiguration['recipients'][number]

/** All that can open envelopes of the configuration. What each is asked is an attempt of `ledger`. */
export function keyAccessTargets(
  { provider, recipients, accepted }: LoadedConfiguration,
  ledger: CallLedger | undefined,
): readonly KeyAccessTarget[] {
  return [
    { place: 'provider', read: () => read(provider, ledger) },
    ...recipients.map((each, index) => ({ place: `recipients[${index}]`, read: () => read(each, ledger) })),
    ...accepted.map((each, index) => ({ place: `accepted[${index}]`, read: () => read(each.provider, ledger) })),
  ]
}

async function read(choice: Choice, ledger: CallLedger | undefined): Promise<readonly KeyAccess[]> {
  if (isWrapOnly(choice) || isRecipientSection(choice)) {
    return unlisted(
      choice,
      ledger,
      'whoever holds the private half of a recovery key may open with it; no KMS lists them',
    )
  }
  if (isProvider(choice)) {
    const reason = 'its provider is configured as an object of its own, of whose policy nothing is known'
    return unlisted(choice, ledger, reason)
  }
  const { name, ...section } = choice
  const { readKeyAccess } = await providers[name].access()
  return upkeepOf(ledger, name)('examine', (options) => readKeyAccess(section, options))
}

async function unlisted(choice: Choice, ledger: CallLedger | undefined, reason: string): Promise<readonly KeyAccess[]> {
  const { provider, id } = await (await connectRecipient(choice, ledger)).currentKek({})
  return [{ provider, kekId: id, principals: [], limits: [], unread: [reason] }]
}
