import { InMemoryCallLedger } from '../../src/index.js'
import type { CallStart } from '../../src/kms/call-ledger.js'

/** Sees each call before it is sent, and has the KMS die before the one that was chosen. */
export class DyingKms extends InMemoryCallLedger {
  readonly #die: () => Promise<void>
  #left = Number.POSITIVE_INFINITY

  constructor(die: () => Promise<void>) {
    super()
    this.#die = die
  }

  dieAfter(calls: number): void {
    this.#left = calls
  }

  live(): void {
    this.#left = Number.POSITIVE_INFINITY
  }

  override async begin(call: CallStart): Promise<void> {
    if (this.#left-- === 0) await this.#die()
    await super.begin(call)
  }
}
