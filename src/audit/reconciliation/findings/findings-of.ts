import type { Finding } from '../finding.js'
import type { Reconciliation } from '../reconcile.js'
import { missingFindings } from './attempt-findings.js'
import { bucketFindings } from './bucket-findings.js'
import { clockFindings } from './clock-findings.js'
import { eventFindings } from './event-findings.js'
import { principalFindings } from './principal-findings.js'

/** What a reviewer has to know of one pass. `known`: identities that were accounted for before, those of the pass apart. */
export function findingsOf(result: Reconciliation, known: ReadonlySet<string>, absence: string): Finding[] {
  const everKnown = new Set([...known, ...result.principals])
  const { findings, counted } = bucketFindings(result)
  return [
    ...eventFindings(result, everKnown),
    ...principalFindings(result, everKnown),
    ...findings,
    ...missingFindings(result, counted, absence),
    ...clockFindings(result),
  ]
}
