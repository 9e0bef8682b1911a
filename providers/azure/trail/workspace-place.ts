import type { PostureCheck } from '../../../src/audit/trail/trail-reader.js'
import { textAt } from '../../../src/kms/untrusted-json.js'
import { type LogPlace, namesOf } from './diagnostic-settings.js'

const [ARRIVES, KEPT] = ['logs-go-to-the-workspace', 'workspace-keeps-all']
const API_VERSION = '2022-10-01'
/** Of `dataIngestionStatus`: where records are taken. */
const TAKES: readonly unknown[] = ['RespectQuota', 'ForceOn', 'ApproachingQuota', undefined]

/** A setting names its workspace by resource id, a query by another one, which the resource has. */
export function workspacePlace(workspaceId: string): LogPlace {
  return {
    checks: [ARRIVES, KEPT],
    async judge(sending, lookAt) {
      const unread: string[] = []
      for (const setting of sending) {
        if (setting.workspaceId === undefined) continue
        const answer = await lookAt(setting.workspaceId, API_VERSION)
        if ('unread' in answer) unread.push(`${setting.workspaceId} could not be looked at: ${answer.unread}`)
        else if (textAt(answer.found, 'properties', 'customerId')?.toLowerCase() === workspaceId.toLowerCase()) {
          const evidence = `${namesOf([setting])} sends to ${setting.workspaceId}`
          return [{ id: ARRIVES, state: 'ok', evidence }, keepsAll(answer.found)]
        }
      }
      const nowhere = `no diagnostic setting is known to send the category AuditEvent to ${workspaceId}`
      const evidence = [nowhere, ...unread].join('; ')
      const remedy =
        unread.length > 0
          ? 'give the reader the role "Log Analytics Reader" on the workspace'
          : 'mend "workspaceId", or send the category AuditEvent there'
      return [
        { id: ARRIVES, state: unread.length > 0 ? 'unknown' : 'failed', evidence, remedy },
        { id: KEPT, state: 'unknown', evidence: 'the workspace was not found by the diagnostic settings', remedy },
      ]
    },
  }
}

/** What a workspace leaves out of what it is sent. */
function keepsAll(workspace: unknown): PostureCheck {
  const cap = textAt(workspace, 'properties', 'workspaceCapping', 'dailyQuotaGb')
  const status = textAt(workspace, 'properties', 'workspaceCapping', 'dataIngestionStatus')
  const rule = textAt(workspace, 'properties', 'defaultDataCollectionRuleResourceId')
  if (cap !== '-1' || !TAKES.includes(status)) {
    const state = cap === undefined ? 'unknown' : 'failed'
    const evidence = `its dailyQuotaGb is ${cap ?? 'not said'}, its dataIngestionStatus ${status ?? 'not said'}`
    return { id: KEPT, state, evidence, remedy: 'az monitor log-analytics workspace update --quota -1' }
  }
  if (rule === undefined) return { id: KEPT, state: 'ok', evidence: 'it has neither a daily cap nor a transformation' }
  const evidence = `the data collection rule ${rule} may change or drop records, and was not looked at`
  return {
    id: KEPT,
    state: 'unknown',
    evidence,
    remedy: 'see that it transforms neither AZKVAuditLogs nor AzureDiagnostics',
  }
}
