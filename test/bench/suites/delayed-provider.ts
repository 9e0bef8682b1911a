import { setTimeout as after } from 'node:timers/promises'
import { type ForwardedCall, ForwardingProvider } from 'waxseal/kms'
import { localProvider } from './credential.js'

/** A KMS with real cryptography that answers after a while, as one on a network does. */
export class DelayedProvider extends ForwardingProvider {
  readonly #latencyMs: number

  constructor(latencyMs: number) {
    super(localProvider())
    this.#latencyMs = latencyMs
  }

  protected override async around<T>(call: ForwardedCall<T>): Promise<T> {
    await after(this.#latencyMs)
    return super.around(call)
  }
}
