import { isProvider } from '../../config/configuration-schema.js'
import { connectProvider, connectRecipient } from '../../config/connect-provider.js'
import type { LoadedConfiguration } from '../../config/load-configuration.js'
import { wrapCanary } from '../../envelope/canary.js'
import { isWaxsealError } from '../../errors.js'
import type { CallLedger } from '../../kms/call-ledger.js'
import { DeadlineProvider } from '../../kms/deadline-provider.js'
import { describeKek, type KekRef, type WrapOnlyRecipient } from '../../kms/provider.js'
import { checkEnvironment } from './environment-tag.js'
import { type Finding, finding, type Section } from './finding.js'

const TIMEOUT_MS = 10_000

/** Wraps a canary under each KEK that new envelopes use, and unwraps it again. */
export async function checkKeys(configuration: LoadedConfiguration, ledger: CallLedger | undefined): Promise<Section> {
  const { provider, recipients, accepted, environment } = configuration
  const findings = await Promise.all([
    checkKey('provider', provider, ledger, environment),
    ...recipients.map((each, index) => checkKey(`recipients[${index}]`, each, ledger, environment)),
    ...accepted.map(({ provider: each }, index) => checkAccepted(`accepted[${index}]`, each, ledger)),
  ])
  return { name: 'keys', findings: findings.flat() }
}

async function checkKey(
  role: string,
  choice: LoadedConfiguration['recipients'][number],
  ledger: CallLedger | undefined,
  environment: string | undefined,
): Promise<Finding[]> {
  try {
    const target = await connectRecipient(choice, ledger)
    if (!('unwrap' in target)) return [wrapOnly(role, target)]
    const kek = await wrapCanary(new DeadlineProvider(target, { timeoutMs: TIMEOUT_MS }))
    const unknown = kek.version === '' ? [versionUnknown(role, kek)] : []
    return [
      reachable(role, kek),
      ...unknown,
      ...(await checkEnvironment(role, isProvider(choice) ? choice : target, environment)),
    ]
  } catch (error) {
    return [unreachable(role, error)]
  }
}

/** Only whether it can be connected, without which no start succeeds: it need not be allowed to wrap. */
async function checkAccepted(
  role: string,
  choice: LoadedConfiguration['provider'],
  ledger: CallLedger | undefined,
): Promise<Finding[]> {
  try {
    await connectProvider(choice, ledger)
    return []
  } catch (error) {
    return [unreachable(role, error)]
  }
}

function unreachable(role: string, error: unknown): Finding {
  const [message, code] = isWaxsealError(error) ? [error.message, error.code] : ['it failed', 'an unknown error']
  return finding('KEK_UNREACHABLE', `${role}: ${message} (${code})`, REMEDY)
}

const REMEDY =
  'until it works, no credential can be written, and none read that is not cached; docs/error-codes.md says what the code asks for'

function reachable(role: string, kek: KekRef): Finding {
  return finding('KEK_REACHABLE', `${role}: ${describeKek(kek)} wrapped and unwrapped a canary`, 'nothing to do')
}

function versionUnknown(role: string, kek: KekRef): Finding {
  return finding(
    'KEK_VERSION_UNKNOWN',
    `${role}: the KMS does not say which version of ${kek.provider}:${kek.id} it used`,
    'a rotation then handles every row once; allow the look-up of the key where the provider has one',
  )
}

function wrapOnly(role: string, { name }: WrapOnlyRecipient): Finding {
  return finding(
    'RECIPIENT_WRAP_ONLY',
    `${role}: "${name}" can wrap and not unwrap here, so its wraps are stored without proof`,
    'open a challenge with the offline key from time to time, to know that it still does',
  )
}
