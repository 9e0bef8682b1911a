import { type ForwardedCall, ForwardingProvider } from '../kms/forwarding-provider.js'
import type { KmsProvider } from '../kms/provider.js'
import type { Lifetime } from './lifetime.js'

/** Stands inside the deadline: a call that its caller gave up may still have to write its end into the ledger. */
export class TrackedProvider extends ForwardingProvider {
  readonly #lifetime: Lifetime

  constructor(inner: KmsProvider, lifetime: Lifetime) {
    super(inner)
    this.#lifetime = lifetime
  }

  protected override around<T>(call: ForwardedCall<T>): Promise<T> {
    return this.#lifetime.add(super.around(call))
  }
}
