import { KekNotAcceptedError } from '../errors.js'
import type { Clock } from '../kms/clock.js'
import { describeKek, type KekRef, type KmsProvider } from '../kms/provider.js'
import type { StoredWrap } from './metadata.js'

/** KEKs that may be read besides those of the provider and the recipients. */
export interface AcceptedKek {
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
  readonly #clock: Clock

  constructor(accepted: readonly AcceptedKek[], clock: Clock) {
    this.#accepted = accepted
    this.#clock = clock
  }

  providersFor(kek: KekRef): KmsProvider[] {
    const now = this.#clock.now()
    const providers = this.#accepted
      .filter((entry) => entry.provider.name === kek.provider)
      .filter((entry) => entry.kek === undefined || entry.kek.id === kek.id)
      .filter((entry) => entry.kek?.version === undefined || entry.kek.version === kek.version)
      .filter((entry) => entry.until === undefined || now < entry.until.getTime())
      .map((entry) => entry.provider)
    return [...new Set(providers)]
  }

  /** The ways to unwrap, in the order of the stored wraps. Throws `KekNotAcceptedError` when there is none. */
  routes(wraps: readonly StoredWrap[]): UnwrapRoute[] {
    const place = (provider: KmsProvider) => this.#accepted.findIndex((entry) => entry.provider === provider)
    const routes = wraps.flatMap((wrap) =>
      this.providersFor(wrap.kek).map((provider) => ({ wrap, provider, place: place(provider) })),
    )
    if (routes.length > 0) return routes
    const found = wraps.map((wrap) => describeKek(wrap.kek)).join(', ')
    const expected = [...new Set(this.#accepted.map((entry) => entry.provider.name))].join(', ')
    throw new KekNotAcceptedError(
      `the envelope names ${found}, which is not on the list of accepted KEKs (of ${expected}); ` +
        'add it to "accepted" if it is yours, find out who wrote the row if it is not',
      { ...(wraps[0] && { kek: wraps[0].kek }) },
    )
  }
}
