import type { Matching } from '../matching.js'
import type { ReconciliationInput, TrailEvent } from '../records.js'

/** After which an attempt would be in the ledger, also where the database was away for a while. */
export const UNACCOUNTED_AFTER_MS = 15 * 60_000
/** Longer nobody is waited for: a writer says itself that it lags, and could say so for ever. */
const LONGEST_LAG_MS = 60 * 60_000

/** What no rule could account for. Not before every writer has stored what it did until then. */
export function decideTheRest(matching: Matching, { events, now, flushedTo }: ReconciliationInput): void {
  for (const event of events.filter(matching.isOpen)) {
    matching.decide(event, { state: 'unaccounted', rule: matching.surplus.has(event) ? 'R3' : 'R5' })
  }
  const isDue = ({ time }: TrailEvent) => {
    return now >= time + UNACCOUNTED_AFTER_MS && (flushedTo > time || now >= time + LONGEST_LAG_MS)
  }
  for (const [event, { state }] of matching.decisions) {
    if (state === 'unaccounted' && !isDue(event)) matching.decide(event, { state: 'pending' })
  }
}
