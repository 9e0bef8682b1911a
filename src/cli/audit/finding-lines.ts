import { escaped } from '../../audit/escaped.js'
import type { StoredFinding } from '../../audit/findings/read-findings.js'
import type { Finding } from '../../audit/reconciliation/finding.js'
import type { DayReport } from '../../audit/reconciliation/storage/reconcile-day.js'
import { paint } from '../terminal.js'
import { shortTime } from './record-lines.js'

const counts = (states: Readonly<Partial<Record<string, number>>>) =>
  Object.entries(states)
    .map(([state, count]) => `${count?.toLocaleString('en')} ${state.replaceAll('_', ' ')}`)
    .join(', ') || 'none'

export function dayLine({ provider, scope, day, events, attempts, findings, settled }: DayReport): string {
  const found = findings.length === 0 ? 'no findings' : paint('red', `${findings.length} findings`)
  const place = escaped(`${provider} ${scope}`)
  return `${day}  ${place}: events ${counts(events)}; attempts ${counts(attempts)}; ${found}${settled ? '; settled' : ''}`
}

/** One that is new or back, for the log of whatever runs the reconciliation. */
export function findingLine(finding: Finding, place: { readonly provider: string; readonly scope: string }): string {
  const { severity, kind, subject, principal, kekId, detail } = finding
  const what = [detail.operation, kekId && `with ${kekId}`, principal && `by ${principal}`].filter(Boolean)
  return escaped([severity, kind, ...what, `in ${place.provider} ${place.scope}: ${subject}`].join(' '))
}

/** One finding, and beneath it what became of it. */
export function findingLines(finding: StoredFinding): string[] {
  const { id, severity, kind, provider, scope, subject, occurredAt, kekId, principal, detail, status, notes } = finding
  const { event, attempt } = finding
  const facts = [
    kekId,
    principal && `by ${principal}`,
    ...Object.entries(detail).map(([name, value]) => `${name} ${value}`),
    // For `audit show`.
    event && `event ${event}`,
    attempt && `attempt ${attempt}`,
  ]
  const isBad = severity === 'critical' || severity === 'high'
  return [
    `${shortTime(occurredAt)}  ${paint(isBad ? 'red' : 'yellow', `${severity} ${kind}`)}  ${status}  ${id}`,
    `    ${escaped(`${provider} ${scope}: ${subject}`)}`,
    `    ${escaped(facts.filter(Boolean).join(', '))}`,
    ...notes.map(
      ({ notedAt, action, reason, who }) => `    ${escaped(`${shortTime(notedAt)}  ${action} by ${who}: ${reason}`)}`,
    ),
  ]
}
