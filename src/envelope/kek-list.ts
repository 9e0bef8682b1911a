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
  readonly #accepted: readonly AcceptedKek[]
  /** Of each entry: the first of its provider. */
  readonly #places: readonly number[]
  readonly #clock: Clock

  constructor(accepted: readonly AcceptedKek[], clock: Clock) {
    this.#accepted = accepted
    this.#places = accepted.map(({ provider }) => accepted.findIndex((entry) => entry.provider === provider))
    this.#clock = clock
  }

  providersFor(kek: KekRef): KmsProvider[] {
    return this.#placesFor(kek).map((place) => this.#providerAt(place))
  }

  /** The ways to unwrap, in the order of the stored wraps. Throws `KekNotAcceptedError` when there is none. */
  routes(wraps: readonly StoredWrap[]): UnwrapRoute[] {
    const routes: UnwrapRoute[] = []
    for (const wrap of wraps) {
      for (const place of this.#placesFor(wrap.kek)) routes.push({ wrap, place, provider: this.#providerAt(place) })
    }
    if (routes.length > 0) return routes
    const found = wraps.map((wrap) => describeKek(wrap.kek)).join(', ')
    const expected = [...new Set(this.#accepted.map((entry) => entry.provider.name))].join(', ')
    throw new KekNotAcceptedError(
      `the envelope names ${found}, which is not on the list of accepted KEKs (of ${expected}); ` +
        'add it to "accepted" if it is yours, find out who wrote the row if it is not',
      { ...(wraps[0] && { kek: wraps[0].kek }) },
    )
  }

  /** The places of the providers that may unwrap under a KEK, each once. */
  #placesFor(kek: KekRef): number[] {
    const places: number[] = []
    this.#accepted.forEach((entry, index) => {
      const place = this.#places[index] as number
      if (this.#accepts(entry, kek) && !places.includes(place)) places.push(place)
    })
    return places
  }

  #accepts({ provider, kek: only, until }: AcceptedKek, kek: KekRef): boolean {
    return (
      provider.name === kek.provider &&
      (only === undefined || only.id === kek.id) &&
      (only?.version === undefined || only.version === kek.version) &&
      (until === undefined || this.#clock.now() < until.getTime())
    )
  }

  #providerAt(place: number): KmsProvider {
    return (this.#accepted[place] as AcceptedKek).provider
  }
}
