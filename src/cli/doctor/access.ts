import { providers } from '../../../providers/index.js'
import { isRecipientSection } from '../../config/configuration-schema.js'
import type { LoadedConfiguration } from '../../config/load-configuration.js'
import { isWaxsealError } from '../../errors.js'
import type { AccessRole } from '../../kms/access.js'
import type { CallLedger } from '../../kms/call-ledger.js'
import { upkeepOf } from '../../kms/upkeep.js'
import { type Finding, finding, type Section } from './finding.js'

/** Asks each configured KMS what this identity may do there, and how its key is set up. */
export async function checkAccess(
  { provider, recipients }: LoadedConfiguration,
  role: AccessRole,
  ledger: CallLedger | undefined,
): Promise<Section> {
  const targets = [
    { place: 'provider', target: provider },
    ...recipients.map((target, index) => ({ place: `recipients[${index}]`, target })),
  ]
  const findings = await Promise.all(targets.map(({ place, target }) => checkOne(place, target, role, ledger)))
  return { name: `access as ${role}`, findings: findings.flat() }
}

async function checkOne(
  place: string,
  target: LoadedConfiguration['recipients'][number],
  role: AccessRole,
  ledger: CallLedger | undefined,
): Promise<Finding[]> {
  if (!('name' in target) || 'wrap' in target) {
    const message = `${place}: it is configured as an object of its own, of whose permissions nothing is known`
    return [finding('ACCESS_UNPROVEN', message, 'configure it as { name, … }, or compare its policy by hand')]
  }
  // A public key in a file: there is nobody whose permissions could be asked for.
  if (isRecipientSection(target)) return []
  const { name, ...section } = target
  try {
    const access = await providers[name].access()
    const found = await upkeepOf(ledger, name)('examine', (options) => access.examine(section, role, options))
    return found.map(({ code, message, remedy }) => finding(code, `${place}: ${message}`, remedy))
  } catch (error) {
    if (!isWaxsealError(error)) throw error
    return [finding('KEK_UNREACHABLE', `${place}: ${error.message} (${error.code})`, 'see docs/error-codes.md')]
  }
}
