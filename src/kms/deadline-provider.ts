import { type Clock, systemClock } from './clock.js'
import { withDeadline } from './deadline.js'
import { type ForwardedCall, ForwardingProvider } from './forwarding-provider.js'
import { assertOptions, CLOCK, type OptionRules, wholeNumberFrom } from './options.js'
import type { KmsProvider } from './provider.js'

export interface DeadlineOptions {
  /** For calls that bring no deadline of their own. Milliseconds, default 5,000. */
  readonly timeoutMs?: number
  /** Default: that of the system. Tests pass one that they move by hand. */
  readonly clock?: Clock
}

const OPTIONS: OptionRules<DeadlineOptions> = { timeoutMs: wholeNumberFrom(1), clock: CLOCK }

/** Ends every call at its deadline, whether the provider underneath listens to its signal or not. */
export class DeadlineProvider extends ForwardingProvider {
  readonly #timeoutMs: number
  readonly #clock: Clock

  constructor(inner: KmsProvider, options: DeadlineOptions = {}) {
    super(inner)
    assertOptions('DeadlineProvider', options, OPTIONS)
    this.#timeoutMs = options.timeoutMs ?? 5_000
    this.#clock = options.clock ?? systemClock
  }

  protected override around<T>({ options, send }: ForwardedCall<T>): Promise<T> {
    const deadline = options.deadline ?? this.#clock.now() + this.#timeoutMs
    return withDeadline(`provider "${this.name}"`, { ...options, deadline }, this.#clock, send)
  }
}
