import type { PostgresLedger } from '../../audit/ledger/postgres-ledger.js'
import { openConfiguredLedger } from '../../config/connect-ledger.js'
import { connectProvider, connectRecipient } from '../../config/connect-provider.js'
import type { LoadedConfiguration } from '../../config/load-configuration.js'
import { wrapCanary } from '../../envelope/canary.js'
import { isWaxsealError } from '../../errors.js'
import type { CallLedger } from '../../kms/call-ledger.js'
import { DeadlineProvider } from '../../kms/deadline-provider.js'
import { describeKek, type KekRef, type KmsProvider, type WrapOnlyRecipient } from '../../kms/provider.js'
import { RecordingProvider } from '../../kms/recording-provider.js'
import { checkEnvironment } from './environment-tag.js'
import { type Finding, finding } from './finding.js'

const TIMEOUT_MS = 10_000

/**
 * Wraps a canary under each KEK that new envelopes use, and unwraps it again: calls of ours, which the ledger has like all
 * others. Where it refuses them they are not made, as the application could not start.
 */
export async function checkKeys(configuration: LoadedConfiguration): Promise<Finding[]> {
  let ledger: PostgresLedger | undefined
  try {
    ledger = await openConfiguredLedger(configuration)
  } catch (error) {
    if (!isWaxsealError(error)) throw error
    return [finding('LEDGER_REFUSED', error.message, 'mend it: no application starts so. No key was asked')]
  }
  try {
    return await checkRecorded(configuration, ledger)
  } finally {
    await ledger?.close()
  }
}

async function checkRecorded(configuration: LoadedConfiguration, ledger: CallLedger | undefined): Promise<Finding[]> {
  const { provider, recipients, accepted, environment } = configuration
  const connects = [
    { role: 'provider', connect: () => connectProvider(provider) },
    ...recipients.map((recipient, index) => ({
      role: `recipients[${index}]`,
      connect: () => connectRecipient(recipient),
    })),
  ]
  const findings = await Promise.all([
    ...connects.map(({ role, connect }) => checkKey(role, connect, environment, ledger)),
    ...accepted.map(({ provider: each }, index) => checkAccepted(`accepted[${index}]`, () => connectProvider(each))),
  ])
  return findings.flat()
}

async function checkKey(
  role: string,
  connect: () => Promise<KmsProvider | WrapOnlyRecipient>,
  environment: string | undefined,
  ledger: CallLedger | undefined,
): Promise<Finding[]> {
  try {
    const target = await connect()
    if (!('unwrap' in target)) return [wrapOnly(role, target)]
    const recorded = ledger ? new RecordingProvider(target, ledger) : target
    const kek = await wrapCanary(new DeadlineProvider(recorded, { timeoutMs: TIMEOUT_MS }))
    const unknown = kek.version === '' ? [versionUnknown(role, kek)] : []
    return [reachable(role, kek), ...unknown, ...(await checkEnvironment(role, target, environment))]
  } catch (error) {
    return [unreachable(role, error)]
  }
}

/** Only whether it can be connected, without which no start succeeds: it need not be allowed to wrap. */
async function checkAccepted(role: string, connect: () => Promise<KmsProvider>): Promise<Finding[]> {
  try {
    await connect()
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
