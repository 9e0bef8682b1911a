import type { CallBudget, KekName } from './budget.js'
import type { KmsOperation } from './call-ledger.js'
import { type Clock, systemClock } from './clock.js'
import { type ForwardedCall, ForwardingProvider } from './forwarding-provider.js'
import { assertOptions, CLOCK, hasMethods, isFunction, type OptionRules } from './options.js'
import type { KmsProvider } from './provider.js'
import { Turns } from './turns.js'

export interface BudgetOptions {
  /** Shared by whom it is to bound. */
  readonly budget: CallBudget
  /** How many calls to the KMS an operation is. Default: one each. */
  readonly callsOf?: (operation: KmsOperation) => number
  /** Default: that of the system. Tests pass one that they move by hand. */
  readonly clock?: Clock
}

const OPTIONS: OptionRules<BudgetOptions> = {
  budget: [(value) => hasMethods(value, ['reserve']), 'have the method reserve'],
  callsOf: [isFunction, 'be a function that returns the number of calls'],
  clock: CLOCK,
}

/**
 * Sends a call when its KEK's budget has a turn for it, so that a long run leaves the rest of a quota to the application.
 * Stands inside the retry: an attempt is a call. Look-ups of the current KEK take no turn: they have quotas of their own, and
 * providers keep what they were told.
 */
export class BudgetProvider extends ForwardingProvider {
  readonly #inner: KmsProvider
  readonly #options: Required<BudgetOptions>
  readonly #turns = new Map<string, Turns>()

  constructor(inner: KmsProvider, options: BudgetOptions) {
    super(inner)
    assertOptions('BudgetProvider', options, OPTIONS)
    const { budget, callsOf = () => 1, clock = systemClock } = options
    this.#inner = inner
    this.#options = { budget, callsOf, clock }
  }

  protected override async around<T>(call: ForwardedCall<T>): Promise<T> {
    const { operation, context, options } = call
    if (operation === 'currentKek') return super.around(call)
    const kek = call.kek ?? (await this.#inner.currentKek(context, options))
    const turns = this.#turnsOf(kek)
    await Promise.all(Array.from({ length: this.#options.callsOf(operation) }, () => turns.take(options)))
    return super.around(call)
  }

  #turnsOf({ provider, id }: KekName): Turns {
    const name = JSON.stringify([provider, id])
    const known = this.#turns.get(name)
    if (known) return known
    const turns = new Turns({ provider, id }, this.#options.budget, this.#options.clock)
    this.#turns.set(name, turns)
    return turns
  }
}
