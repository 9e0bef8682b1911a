import { openConfiguredLedger } from '../../config/connect-ledger.js'
import type { LoadedConfiguration } from '../../config/load-configuration.js'
import { isWaxsealError } from '../../errors.js'
import type { CallLedger } from '../../kms/call-ledger.js'
import { type Finding, finding, type Section } from './finding.js'

/** Checks that ask a KMS, with the ledger of the configuration where it has one. Without its ledger, no KMS is asked. */
export async function recorded(
  configuration: LoadedConfiguration,
  check: (ledger: CallLedger | undefined) => Promise<Section[]>,
): Promise<Section[]> {
  const ledger = await openConfiguredLedger(configuration).catch(unusable)
  if (ledger && 'code' in ledger) return [{ name: 'ledger', findings: [ledger] }]
  try {
    return await check(ledger)
  } finally {
    await ledger?.close()
  }
}

function unusable(error: unknown): Finding {
  if (!isWaxsealError(error)) throw error
  const message = `no KMS was asked, since it could not be recorded: ${error.message} (${error.code})`
  return finding('LEDGER_REFUSED', message, 'mend it and run it again: no process with this configuration starts')
}
