import type { CallLedger } from './call-ledger.js'
import { type Clock, systemClock } from './clock.js'
import { type ForwardedCall, ForwardingProvider } from './forwarding-provider.js'
import type { KmsProvider } from './provider.js'
import { recordedCall } from './recorded-call.js'

/**
 * Writes every call down before it is sent, and its end afterwards. Stands inside `RetryingProvider`, so that one entry
 * is one attempt. If the ledger cannot be written, the call is not made.
 */
export class RecordingProvider extends ForwardingProvider {
  readonly #ledger: CallLedger
  readonly #clock: Clock

  constructor(inner: KmsProvider, ledger: CallLedger, clock: Clock = systemClock) {
    super(inner)
    this.#ledger = ledger
    this.#clock = clock
  }

  protected override around<T>(call: ForwardedCall<T>): Promise<T> {
    return recordedCall(this.#ledger, this.#clock, { provider: this.name, ...call })
  }
}
