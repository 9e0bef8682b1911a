import { KekNotAcceptedError } from '../errors.js'
import type { Clock } from '../kms/clock.js'
import { describeKek, type KekRef, type KmsProvider } from '../kms/provider.js'
import type { StoredWrap } from './metadata.js'

/** KEKs that may be read besides those of the provider and the recipients. */
export interface AcceptedKek {
  /** Unwraps; never wraps. */
  readonly provider: KmsProvider
  /** Only this KEK, and only this version of it where one is given. All of the provider's when absent. */
  readonly kek?: { readonly id: string; readonly version?: string }
  /** The end of its acceptance. */
  readonly until?: Date
}

export interface UnwrapRoute {
  readonly wrap: StoredWrap
  readonly provider: KmsProvider
  /** Of the provider on the list. */
  readonly place: number
}

/**
 * Which KEKs may unwrap, and through which provider. The KEK that a row names was written by whoever can write the table:
 * without this list a swapped row would make us call a key in a stranger's account, which would gladly "unwrap" a data
 * key of their choosing.
 */
export class KekList {
  /** The entries of each provider, in the order in which the providers were named first: its place. */
  readonly #accepted: readonly (readonly [KmsProvider, readonly AcceptedKek[]])[]
  readonly #clock: Clock

  constructor(accepted: readonly AcceptedKek[], clock: Clock) {
    const providers = [...new Set(accepted.map(({ provider }) => provider))]
    this.#accepted = providers.map((provider) => [provider, accepted.filter((entry) => entry.provider === provider)])
    this.#clock = clock
  }

  providersFor(kek: KekRef): KmsProvider[] {
    return this.#accepted.filter(([, entries]) => this.#accepts(entries, kek)).map(([provider]) => provider)
  }

  /** The ways to unwrap, in the order of the stored wraps. Throws `KekNotAcceptedError` when there is none. */
  routes(wraps: readonly StoredWrap[]): UnwrapRoute[] {
    const routes: UnwrapRoute[] = []
    for (const wrap of wraps) {
      for (const [place, [provider, entries]] of this.#accepted.entries()) {
        if (this.#accepts(entries, wrap.kek)) routes.push({ wrap, place, provider })
      }
    }
    if (routes.length > 0) return routes
    const found = wraps.map((wrap) => describeKek(wrap.kek)).join(', ')
    const expected = [...new Set(this.#accepted.map(([provider]) => provider.name))].join(', ')
    throw new KekNotAcceptedError(
      `the envelope names ${found}, which is not on the list of accepted KEKs (of ${expected}); ` +
        'add it to "accepted" if it is yours, find out who wrote the row if it is not',
      { ...(wraps[0] && { kek: wraps[0].kek }) },
    )
  }

  #accepts(entries: readonly AcceptedKek[], kek: KekRef): boolean {
    return entries.some(
      ({ provider, kek: only, until }) =>
        provider.name === kek.provider &&
        (only === undefined || only.id === kek.id) &&
        (only?.version === undefined || only.version === kek.version) &&
        (until === undefined || this.#clock.now() < until.getTime()),
    )
  }
}
