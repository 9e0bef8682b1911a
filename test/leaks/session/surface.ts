import type { Place } from '../../setup/traces.js'

/** Something that keeps what passes it: a log, a tracer, a printer. It captures from when it is made. */
export interface Surface {
  /** Shows it the outcome of a scenario, as an application would that logs everything. */
  show(outcome: unknown): void
  /** Everything that it kept. Called once, at the end. */
  places(): Place[]
}
