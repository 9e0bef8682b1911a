import { escaped } from '../../audit/escaped.js'
import type { ReviewRecord } from '../../audit/index.js'
import { paint } from '../terminal.js'

const WIDTHS = { time: 23, kind: 11, operation: 16, outcome: 10 }

export const heading = [
  ...['time (UTC)'.padEnd(WIDTHS.time), 'kind'.padEnd(WIDTHS.kind), 'operation'.padEnd(WIDTHS.operation)],
  ...['outcome'.padEnd(WIDTHS.outcome), 'who, from where, which key, what it was for, how it was accounted for, id'],
].join('  ')

/** In UTC, as all times of the review are shown. */
export const shortTime = (time: string) => time.slice(0, WIDTHS.time).replace('T', ' ')

/** One record on one line. */
export function recordLine(record: ReviewRecord): string {
  const { time, kind, operation, outcome } = record
  return [
    shortTime(time).padEnd(WIDTHS.time),
    kind.padEnd(WIDTHS.kind),
    escaped(operation).padEnd(WIDTHS.operation),
    paint(outcome === 'success' ? 'green' : 'red', outcome.padEnd(WIDTHS.outcome)),
    [...factsOf(record), record.id].join(', '),
  ].join('  ')
}

function factsOf(record: ReviewRecord): string[] {
  const { actor, from, kekId, kekVersion, provider, entity, row, purpose, tenant, reason, outcome } = record
  const key = kekId && [provider, kekId, kekVersion].filter((part) => part !== null).join(' ')
  const facts = [
    [actor ?? '(nobody named)', from && `from ${from}`].filter(Boolean).join(' '),
    key,
    [entity, row].filter((part) => part !== null).join(' '),
    [tenant && `tenant ${tenant}`, purpose && `for ${purpose}`].filter(Boolean).join(' '),
    // Of a success it says nothing more.
    outcome === 'success' ? null : reason,
    accountOf(record),
  ]
  return facts.flatMap((fact) => (fact ? [escaped(fact)] : []))
}

/** What a reviewer is to know first: whether it was ours, and how sure that is. */
export function accountOf({ kind, state, confidence, rule }: ReviewRecord): string {
  if (kind === 'application') return ''
  if (state === null) return 'not reconciled yet'
  return [state, confidence, rule && `(${rule})`].filter(Boolean).join(' ')
}
