import type { KekRef } from './provider.js'

/** A KEK whatever its version: quotas do not tell versions apart. */
export type KekName = Pick<KekRef, 'provider' | 'id'>

/** Turns at calling a KEK, one after the other. */
export interface Reservation {
  /** How many of the calls that were asked for. None where the first turn would come too late. */
  readonly granted: number
  /** Until the first turn. */
  readonly startsInMs: number
  /** Between two turns. */
  readonly intervalMs: number
}

/** How fast KEKs are called, by all who share it: the processes of one run, or of all. */
export interface CallBudget {
  /** Reserves turns that nobody else gets; what would only come after `withinMs` is not reserved. */
  reserve(kek: KekName, calls: number, withinMs: number): Promise<Reservation>
}
