import type { PostureCheck } from '../../../src/audit/trail/trail-reader.js'
import { listAt, objectAt, textAt } from '../../../src/kms/untrusted-json.js'
import type { ManagementAnswer } from '../management.js'
import type { VaultResource } from '../vault-resource.js'

/** A setting that sends the audit events of the vault, and where to: ids of resources. */
export interface SendingSetting {
  readonly name: string
  readonly workspaceId: string | undefined
  readonly storageAccountId: string | undefined
}

export type LookAt = (id: string, apiVersion: string) => Promise<ManagementAnswer<unknown>>

/** Where a reader reads. */
export interface LogPlace {
  /** Ids of the checks that it makes. */
  readonly checks: readonly string[]
  judge(sending: readonly SendingSetting[], lookAt: LookAt): Promise<readonly PostureCheck[]>
}

export type ProbeSettings = (signal: AbortSignal) => Promise<readonly PostureCheck[]>

const LOGGED = 'audit-events-are-logged'
const API_VERSION = '2021-05-01-preview'

/** Whether a diagnostic setting sends the category AuditEvent, and to where the reader reads. */
export function settingsProbe(vault: VaultResource | undefined, place: LogPlace): ProbeSettings {
  const unknown = (evidence: string, remedy: string) =>
    [LOGGED, ...place.checks].map((id): PostureCheck => ({ id, state: 'unknown', evidence, remedy }))
  return async (signal) => {
    if (!vault) {
      const evidence = 'the diagnostic settings of the vault were not looked at: the trail has no "resourceId"'
      return unknown(evidence, 'set "resourceId" to what "az keyvault show --query id" prints')
    }
    try {
      return await probe(vault, signal)
    } catch (error) {
      signal.throwIfAborted()
      return unknown(`could not be looked at: ${(error as Error).message}`, 'see that the reader reaches Azure')
    }
  }

  async function probe({ id, management }: VaultResource, signal: AbortSignal): Promise<readonly PostureCheck[]> {
    const path = `${id}/providers/Microsoft.Insights/diagnosticSettings`
    const settings = await management.list(path, { 'api-version': API_VERSION }, signal)
    if ('unread' in settings) {
      const evidence = `the diagnostic settings of the vault could not be looked at: ${settings.unread}`
      return unknown(evidence, 'give the reader the role "Monitoring Reader" on the vault')
    }
    const sending = settings.found.filter(sendsAuditEvents).map(settingOf)
    const lookAt: LookAt = (of, apiVersion) => management.get(of, apiVersion, signal)
    return [loggedBy(sending, settings.found.length), ...(await place.judge(sending, lookAt))]
  }
}

function loggedBy(sending: readonly SendingSetting[], all: number): PostureCheck {
  if (sending.length > 0) {
    return { id: LOGGED, state: 'ok', evidence: `the category AuditEvent is sent by ${namesOf(sending)}` }
  }
  const evidence = `none of the ${all} diagnostic settings of the vault sends the category AuditEvent`
  return { id: LOGGED, state: 'failed', evidence, remedy: 'az monitor diagnostic-settings create: see the README' }
}

export const namesOf = (settings: readonly SendingSetting[]) => settings.map(({ name }) => `"${name}"`).join(', ')

/** By name, or in a group: evaluations of policies, which stand beside it, say nothing of keys. */
function sendsAuditEvents(setting: unknown): boolean {
  return listAt(setting, 'properties', 'logs').some((log) => {
    const [category, group] = [textAt(log, 'category'), textAt(log, 'categoryGroup')].map((each) => each?.toLowerCase())
    const isOfAudit = category === 'auditevent' || group === 'audit' || group === 'alllogs'
    return isOfAudit && objectAt(log)?.['enabled'] === true
  })
}

function settingOf(setting: unknown): SendingSetting {
  return {
    name: textAt(setting, 'name') ?? 'unnamed',
    workspaceId: textAt(setting, 'properties', 'workspaceId'),
    storageAccountId: textAt(setting, 'properties', 'storageAccountId'),
  }
}
