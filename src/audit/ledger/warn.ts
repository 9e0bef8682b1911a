import type { LedgerProblem } from './ledger-options.js'

/** Tells a problem where nobody said whom to tell. */
export function warn({ message }: LedgerProblem): void {
  process.emitWarning(message, 'WaxsealWarning')
}
