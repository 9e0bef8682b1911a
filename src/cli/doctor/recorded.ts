import { resolve } from 'node:path'
import { setAsideIn } from '../../audit/ledger/journal-folder.js'
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
    return [...(await check(ledger)), ...(await setAside(configuration))]
  } finally {
    await ledger?.close()
  }
}

async function setAside({ audit, folder }: LoadedConfiguration): Promise<Section[]> {
  const journal = audit?.ledger?.journal
  const files = journal === undefined ? [] : await setAsideIn(resolve(folder, journal))
  if (files.length === 0) return []
  const message = `lines of journals stand in no table: ${files.join(', ')} in ${journal}`
  const remedy = 'docs/ledger.md says why; mend that, then rename a .refused to .journal, or keep the file elsewhere'
  return [{ name: 'ledger', findings: [finding('JOURNAL_SET_ASIDE', message, remedy)] }]
}

function unusable(error: unknown): Finding {
  if (!isWaxsealError(error)) throw error
  const message = `no KMS was asked, since it could not be recorded: ${error.message} (${error.code})`
  return finding('LEDGER_REFUSED', message, 'mend it and run it again: no process with this configuration starts')
}
